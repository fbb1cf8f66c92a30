"""Pins: targets whose shown rankings stay as they were in a release, whatever is computed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.registry.ledger import Ledger, parse_time

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["PINNED", "UNPINNED", "Pin", "pin_ledger", "pins_in_force", "pins_of"]

PINNED, UNPINNED = "pinned", "unpinned"
"""Events of ledgers/pins.jsonl."""


@dataclass(frozen=True)
class Pin:
    """One target's pin.

    Attributes
    ----------
    target
        The pinned target.
    release
        The commit whose rankings are shown.
    at, by, reason
        Since when, who said so, and what for.
    rankings
        The lines of ledgers/rankings.jsonl that were in force there, one per scorer and encoder. They stand in the
        pin itself, so that showing them needs neither git nor its history.
    """

    target: str
    release: str
    at: str
    by: str | None
    reason: str | None
    rankings: tuple[Mapping[str, Any], ...]

    def line(self, scorer: str, encoder: str) -> Mapping[str, Any] | None:
        """The pinned line of a scorer and encoder; None where the release had no such ranking."""
        found = (one for one in self.rankings if (one["scorer"], one["encoder"]) == (scorer, encoder))
        return next(found, None)


def pin_ledger(workspace: Workspace) -> Ledger:
    """ledgers/pins.jsonl."""
    return Ledger(workspace.ledgers / "pins.jsonl")


def pins_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Pin]:
    """Target -> the pin in force after these records; the newest of a target counts."""
    found: dict[str, Pin] = {}
    for record in records:
        found.pop(record["target"], None)
        if record["event"] == PINNED:
            found[record["target"]] = Pin(
                record["target"],
                record["release"],
                record["at"],
                record.get("by"),
                record.get("reason"),
                tuple(record["rankings"]),
            )
    return found


def pins_in_force(workspace: Workspace, as_of: datetime | None = None) -> dict[str, Pin]:
    """Target -> its pin, now or at an earlier time.

    Raises
    ------
    ArtefactError
        A line of the ledger is broken.
    """
    records = pin_ledger(workspace).read()
    return pins_of(record for record in records if as_of is None or parse_time(record["at"]) <= as_of)
