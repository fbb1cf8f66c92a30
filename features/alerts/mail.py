"""Mail by SMTP, over TLS unless the settings say plain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from features.alerts.alert import subject_of, text_of
from features.alerts.delivering import DeliveryError
from features.alerts.secrets import redacted, secret_names, secrets_in_force
from features.wording import plain

if TYPE_CHECKING:
    import smtplib

    from features.alerts.params import AlertsParams, EmailParams

__all__ = ["mail"]


def mail(params: AlertsParams, alert: Mapping[str, Any], workspace: str) -> None:
    """Send one alert.

    Raises
    ------
    DeliveryError
        The server cannot be reached, or refuses.
    """
    import smtplib
    import ssl

    email = params.email
    if email is None:
        raise DeliveryError("there is no e-mail in params.yaml")
    account = _account(email)
    try:
        with _connected(email, params.timeout_seconds, ssl.create_default_context()) as server:
            if account is not None:
                server.login(*account)
            server.send_message(_message(email, alert, workspace))
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        why = redacted(str(problem), secrets_in_force(secret_names(params)))
        raise DeliveryError(f"{type(problem).__name__}: {why or 'no answer'}"[:300]) from None


def _connected(email: EmailParams, timeout: float, tls: Any) -> smtplib.SMTP:
    import smtplib

    if email.security == "ssl":
        return smtplib.SMTP_SSL(email.host, email.port, timeout=timeout, context=tls)
    server = smtplib.SMTP(email.host, email.port, timeout=timeout)
    if email.security == "starttls":
        try:
            server.starttls(context=tls)
        except BaseException:
            server.close()
            raise
    return server


def _account(email: EmailParams) -> tuple[str, str] | None:
    if email.password_env is None:
        return None
    values = []
    for name in (email.user_env, email.password_env):
        value = os.environ.get(name, "") if name else email.sender
        if not value:
            raise DeliveryError(f"the environment variable {name} is not set")
        values.append(value)
    return values[0], values[1]


def _message(email: EmailParams, alert: Mapping[str, Any], workspace: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject_of(alert)
    message["From"] = email.sender
    message["To"] = ", ".join(email.to)
    # The same alert twice has the same id, by which mail servers and readers know it.
    message["Message-ID"] = f"<{alert['id']}@springboard.{email.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{text_of(alert)}\n\nWorkspace: {plain(workspace)}\nAlert: {alert['kind']} {alert['id']}\n"
    )
    return message
