"""Every alert that was raised, and what became of it on each channel: .springboard/alerts.jsonl, append-only.

What happened is known from the ledgers and the state of the runs; this file is only who was told. Losing it loses
nothing: what happened within a day is told once more, under the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.alerts.alert import Alert
from features.registry.ledger import LOCK_SECONDS, Ledger

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["GIVEN_UP", "SENT", "WAITING", "Outbox", "Standing"]

SENT, WAITING, GIVEN_UP = "sent", "waiting", "given up"


@dataclass(frozen=True)
class Standing:
    """One alert and how far it got: channel -> sent, waiting or given up."""

    alert: Mapping[str, Any]
    channels: Mapping[str, str]


@dataclass(frozen=True)
class Trouble:
    """A channel's failures in a row since it last took an alert: how many, the last one's time and reason."""

    times: int
    at: str
    problem: str


@dataclass
class _Told:
    standings: dict[str, Standing] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def read(self, line: Mapping[str, Any]) -> None:
        event, channel = line["event"], str(line.get("channel"))
        if event == "raised":
            waits = dict.fromkeys(line["to"], WAITING)
            self.standings.setdefault(
                line["alert"]["id"], Standing({**line["alert"], "at": line["at"]}, waits)
            )
        elif event == "failed":
            before = self.troubles.get(channel)
            self.troubles[channel] = Trouble((before.times if before else 0) + 1, line["at"], line["problem"])
        elif line["id"] in self.standings:
            known = self.standings[line["id"]]
            self.standings[line["id"]] = replace(known, channels={**known.channels, channel: event})
            if event == SENT:
                self.troubles.pop(channel, None)


@dataclass(frozen=True)
class Outbox:
    """The file."""

    workspace: Workspace

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.workspace.private / "alerts.jsonl")

    def _read(self) -> _Told:
        told = _Told()
        for line in self._ledger.read():
            told.read(line)
        return told

    def standings(self) -> list[Standing]:
        """Every alert, oldest first."""
        return list(self._read().standings.values())

    def troubles(self) -> dict[str, Trouble]:
        """Channel -> its failures since it last took an alert."""
        return self._read().troubles

    def waits_for(self, channel: str) -> bool:
        """Whether something waits for a channel."""
        return any(one.channels.get(channel) == WAITING for one in self.standings())

    def summary(self) -> dict[str, Any]:
        """How many are ``waiting`` and, of the last week, ``given_up``; ``problems``: channel -> why it fails now."""
        told = self._read()
        states = [(one.alert["at"], set(one.channels.values())) for one in told.standings.values()]
        week = (datetime.now(UTC) - timedelta(days=7)).isoformat()
        return {
            "waiting": sum(WAITING in state for _, state in states),
            "given_up": sum(GIVEN_UP in state and at >= week for at, state in states),
            "problems": {channel: one.problem for channel, one in told.troubles.items()},
        }

    def raise_new(self, alerts: Iterable[Alert], to: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        """Put in those that were never raised, whoever looks at the same time.

        Parameters
        ----------
        alerts
            What was found.
        to
            Kind -> the channels that an alert of this kind goes to.

        Returns
        -------
        list of dict
            The records of the new ones.

        Raises
        ------
        BusyError
            Another process held the outbox for a minute.
        """
        found = {alert.id: alert for alert in alerts}
        if not found:
            return []
        with self.workspace.lock("alerts", timeout=LOCK_SECONDS):
            known = self._read().standings
            new = [alert.to_record() for id_, alert in found.items() if id_ not in known]
            for record in new:
                self._ledger.append(
                    {"event": "raised", "alert": record, "to": list(to.get(record["kind"], ()))}
                )
        return new

    def note(self, channel: str, alert: str, event: str, problem: str = "") -> None:
        """Note that a channel took an alert (``sent``), or that nobody tries any more (``given up``)."""
        more = {"problem": problem} if problem else {}
        self._ledger.append({"event": event, "channel": channel, "id": alert, **more})

    def note_failure(self, channel: str, alert: str, problem: str) -> None:
        """Note that a channel did not take an alert this time."""
        self._ledger.append({"event": "failed", "channel": channel, "id": alert, "problem": problem})
