"""The ``alerts`` section of params.yaml: which kinds, and where to; secrets only by the name of a variable."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["KINDS", "AlertKind", "AlertsParams", "EmailParams", "WebhookParams"]

AlertKind = Literal["gate_refused", "flow_failed", "flow_hangs", "target_stale", "tier_changed"]
"""What is alerted of."""

KINDS: tuple[AlertKind, ...] = get_args(AlertKind)

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""Of an environment variable: the secret itself would stand in git."""

_Address = Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+$")]
_Seconds = Annotated[float, Field(gt=0, le=10 * 365 * 86400, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookParams(_Part):
    """An HTTP POST of JSON.

    ``url_env`` and ``token_env`` name the environment variables with the URL and with a bearer token; ``kinds`` is null
    for all that are alerted of.
    """

    url_env: VariableName = "SPRINGBOARD_WEBHOOK_URL"
    token_env: VariableName | None = None
    kinds: tuple[AlertKind, ...] | None = None


class EmailParams(_Part):
    """Mail by SMTP: over TLS from the start (``ssl``), turned to TLS (``starttls``), or ``plain``.

    ``user_env`` and ``password_env`` name the environment variables with the account, where one is needed.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "ssl", "plain"] = "starttls"
    sender: _Address
    to: tuple[_Address, ...] = Field(min_length=1)
    user_env: VariableName | None = None
    password_env: VariableName | None = None
    kinds: tuple[AlertKind, ...] | None = None


class AlertsParams(_Part):
    """What is alerted of, and where to.

    ``timeout_seconds`` is how long one delivery may take, ``give_up_hours`` for how long a failing one is tried again,
    ``hang_hours`` after how long a run hangs whose flow has no time-out of its own.
    """

    kinds: tuple[AlertKind, ...] = KINDS
    events: bool = True
    webhook: WebhookParams | None = None
    email: EmailParams | None = None
    timeout_seconds: _Seconds = 5.0
    give_up_hours: _Seconds = 72.0
    hang_hours: _Seconds = 6.0
