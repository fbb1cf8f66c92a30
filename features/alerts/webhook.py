"""The webhook: an HTTP POST of JSON; any answer of 200 to 299 takes it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from features.alerts.alert import payload_of
from features.alerts.delivering import DeliveryError
from features.alerts.secrets import redacted, secret_names, secrets_in_force

if TYPE_CHECKING:
    from features.alerts.params import AlertsParams

__all__ = ["post"]


def post(params: AlertsParams, alert: Mapping[str, Any], workspace: str) -> None:
    """Send one alert.

    Raises
    ------
    DeliveryError
        It was not taken: the variable with the URL is not set, nobody answers, or not with 2xx.
    """
    import httpx

    webhook = params.webhook
    if webhook is None:
        raise DeliveryError("there is no webhook in params.yaml")
    url = os.environ.get(webhook.url_env, "").strip()
    if not url.startswith(("http://", "https://")):
        raise DeliveryError(f"the environment variable {webhook.url_env} holds no http(s) URL")
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": str(alert["id"]),
        "User-Agent": "springboard",
    }
    if webhook.token_env:
        token = os.environ.get(webhook.token_env, "").strip()
        if not token:
            raise DeliveryError(f"the environment variable {webhook.token_env} is not set")
        headers["Authorization"] = f"Bearer {token}"
    # Escaped, for the name of a file may hold bytes that are no text.
    body = json.dumps(payload_of(alert, workspace)).encode()
    try:
        # Its answer's body is nothing to us, and may be endless. A redirect would take the token elsewhere.
        with httpx.stream(
            "POST", url, content=body, headers=headers, timeout=params.timeout_seconds, follow_redirects=False
        ) as answer:
            code = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as problem:
        why = redacted(str(problem), secrets_in_force(secret_names(params)))
        raise DeliveryError(f"{type(problem).__name__}: {why or 'no answer'}"[:300]) from None
    if not 200 <= code < 300:
        raise DeliveryError(f"it answered {code}")
