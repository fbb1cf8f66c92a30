"""Bringing what waits to where it is to go: in order, once, with back-off, and never for long."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from features.alerts.outbox import GIVEN_UP, SENT, WAITING, Outbox, Trouble
from features.registry.ledger import now_utc, parse_time
from models.errors import BusyError, SpringboardError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Delivered", "DeliveryError", "Sender", "deliver", "is_due", "try_now", "within"]

Sender = Callable[[Mapping[str, Any]], None]
"""Brings one alert (as the outbox keeps it) to a channel, or raises :class:`DeliveryError`."""

_FIRST_WAIT, _LONGEST_WAIT = 60.0, 3600.0
_SENT_IN_A_ROW = 4
"""A run that is not asked to send waits for a channel at most so many time-outs long."""


class DeliveryError(SpringboardError):
    """A channel did not take an alert; the message holds no secret."""


@dataclass
class Delivered:
    """What a delivery did: how many went out, how many still wait, and channel -> why it took nothing."""

    sent: int = 0
    waiting: int = 0
    given_up: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def within(seconds: float, do: Callable[[], None]) -> None:
    """Do something that may take for ever, for so long at most.

    Time-outs of sockets are for each packet; whoever answers a byte a second would hold a run for an hour.

    Raises
    ------
    DeliveryError
        It took longer; it may still come about.
    """
    raised: list[BaseException] = []
    context = contextvars.copy_context()

    def work() -> None:
        try:
            context.run(do)
        except BaseException as problem:  # Raised again below, in the thread that asked.
            raised.append(problem)

    thread = threading.Thread(target=work, name="springboard-delivery", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise DeliveryError(f"no answer within {seconds:g} s")
    if raised:
        raise raised[0]


def deliver(
    workspace: Workspace,
    senders: Mapping[str, Sender],
    known: frozenset[str],
    *,
    asked: bool = False,
    now: datetime | None = None,
) -> Delivered:
    """Try what is due.

    Parameters
    ----------
    workspace
        Whose outbox.
    senders
        Channel -> how to bring it there. What goes to a channel without one waits.
    known
        The channels that the settings name. What waits for any other is given up.
    asked
        Somebody asked for it: also what is backing off, and all of it.
    now
        The moment; None is this one.

    Returns
    -------
    Delivered
        Nothing where another process delivers at this moment.
    """
    outbox = Outbox(workspace)
    done = Delivered()
    try:
        with workspace.lock("alerts-delivery", timeout=0):
            moment = now or datetime.now(UTC)
            troubles = outbox.troubles()
            for channel, waiting in _waiting(outbox).items():
                if channel not in known:
                    _give_up(outbox, channel, waiting, "the settings no longer name this channel", done)
                elif channel in senders and (asked or is_due(troubles.get(channel), moment)):
                    _Channel(workspace, outbox, channel, senders[channel], asked).empty(waiting, moment, done)
    except BusyError:
        return done
    done.waiting = sum(len(one) for one in _waiting(outbox).values())
    return done


def try_now(workspace: Workspace, send: Sender) -> str | None:
    """Send a test alert past the outbox; returns why it was not taken, or None where it was."""
    alert = {
        "id": uuid4().hex[:24],
        "kind": "test",
        "at": now_utc(),
        "what": "this is a test of Springboard's alerts",
        "why": "somebody typed springboard alerts test",
        "next": "nothing is to be done",
        "about": {},
    }
    try:
        within(workspace.settings.alerts.timeout_seconds, partial(send, alert))
    except DeliveryError as problem:
        return problem.what
    return None


def _waiting(outbox: Outbox) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in outbox.standings():
        for channel, state in one.channels.items():
            if state == WAITING:
                found.setdefault(channel, []).append(one.alert)
    return found


def is_due(trouble: Trouble | None, now: datetime) -> bool:
    """Whether a channel may be tried again: a minute after a failure, then two, four, up to an hour."""
    if trouble is None:
        return True
    wait = min(_FIRST_WAIT * 2.0 ** min(trouble.times - 1, 16), _LONGEST_WAIT)
    passed = (now - parse_time(trouble.at)).total_seconds()
    # A failure ahead of the clock is from before the clock was put back.
    return not 0 <= passed < wait


def _give_up(
    outbox: Outbox, channel: str, alerts: list[Mapping[str, Any]], problem: str, done: Delivered
) -> None:
    for alert in alerts:
        outbox.note(channel, alert["id"], GIVEN_UP, problem)
        done.given_up += 1


@dataclass(frozen=True)
class _Channel:
    workspace: Workspace
    outbox: Outbox
    name: str
    send: Sender
    asked: bool

    def empty(self, waiting: list[Mapping[str, Any]], now: datetime, done: Delivered) -> None:
        """Send in order until one fails: what comes after it waits, so that nothing overtakes."""
        params = self.workspace.settings.alerts
        until = time.monotonic() + _SENT_IN_A_ROW * params.timeout_seconds
        for alert in waiting:
            if not self.asked and time.monotonic() > until:
                return
            try:
                within(params.timeout_seconds, partial(self.send, alert))
            except DeliveryError as problem:
                self.outbox.note_failure(self.name, alert["id"], problem.what)
                done.problems[self.name] = problem.what
                old = [one for one in waiting if self._is_old(one, now) and one["at"] >= alert["at"]]
                _give_up(self.outbox, self.name, old, problem.what, done)
                return
            self.outbox.note(self.name, alert["id"], SENT)
            done.sent += 1

    def _is_old(self, alert: Mapping[str, Any], now: datetime) -> bool:
        limit = self.workspace.settings.alerts.give_up_hours * 3600.0
        return (now - parse_time(alert["at"])).total_seconds() > limit
