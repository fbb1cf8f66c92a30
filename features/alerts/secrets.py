"""Secrets come from the environment, and leave nothing of themselves in what is written or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from features.alerts.params import AlertsParams

__all__ = ["redacted", "secret_names", "secrets_in_force"]

_MASK = "***"
_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@'\"]+@")
_SHORTEST = 4
"""A shorter value is no secret, and masking it would only garble what is written."""


def secret_names(params: AlertsParams) -> tuple[str, ...]:
    """The environment variables that the settings name."""
    names = []
    if params.webhook is not None:
        names += [params.webhook.url_env, params.webhook.token_env]
    if params.email is not None:
        names += [params.email.user_env, params.email.password_env]
    return tuple(name for name in names if name)


def secrets_in_force(names: Iterable[str]) -> tuple[str, ...]:
    """What must not be seen, longest first: the variables' values, and of URLs their path and query too."""
    found = set()
    for name in names:
        value = os.environ.get(name, "").strip()
        if "://" in value:
            parts = urlsplit(value)
            found |= {part for part in (parts.path, parts.query, parts.password or "") if part != "/"}
        found |= {value, quote(value, safe="")}
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def redacted(text: str, secrets: Iterable[str]) -> str:
    """A text without these secrets, and without the credentials of any URL in it."""
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return _CREDENTIALS.sub(rf"\1{_MASK}@", text)
