"""Where alerts go by the settings, and how they get there; Prefect's events are brought by whoever runs flows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from features.alerts.delivering import Sender
from features.alerts.mail import mail
from features.alerts.webhook import post

if TYPE_CHECKING:
    from features.alerts.params import AlertsParams
    from features.workspace.layout import Workspace

__all__ = ["EMAIL", "EVENTS", "WEBHOOK", "channels_of", "named_channels", "senders_of"]

EVENTS, WEBHOOK, EMAIL = "events", "webhook", "email"


def _kinds(params: AlertsParams) -> dict[str, tuple[str, ...]]:
    """Channel -> the kinds that go there."""
    found: dict[str, tuple[str, ...]] = {EVENTS: params.kinds} if params.events else {}
    for name, part in ((WEBHOOK, params.webhook), (EMAIL, params.email)):
        if part is not None:
            found[name] = params.kinds if part.kinds is None else part.kinds
    return found


def channels_of(params: AlertsParams) -> dict[str, list[str]]:
    """Kind -> the channels that an alert of it goes to."""
    return {kind: [name for name, kinds in _kinds(params).items() if kind in kinds] for kind in params.kinds}


def named_channels(params: AlertsParams) -> frozenset[str]:
    """The channels that the settings name."""
    return frozenset(_kinds(params))


def senders_of(workspace: Workspace) -> dict[str, Sender]:
    """The channels that need nothing but the settings and the environment."""
    params, place = workspace.settings.alerts, str(workspace.root)

    def post_one(alert: Mapping[str, Any]) -> None:
        post(params, alert, place)

    found: dict[str, Sender] = {}
    if params.webhook is not None:
        found[WEBHOOK] = post_one
    if params.email is not None:
        found[EMAIL] = partial(_mail_one, params, place)
    return found


def _mail_one(params: AlertsParams, place: str, alert: Mapping[str, Any]) -> None:
    mail(params, alert, place)
