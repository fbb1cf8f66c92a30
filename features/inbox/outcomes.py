"""What became of everything that came in by itself: one line when it was taken, one when it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from features.registry.ledger import Ledger

if TYPE_CHECKING:
    from features.inbox.items import Item
    from features.workspace.layout import Workspace

__all__ = ["Outcome", "Outcomes"]


@dataclass(frozen=True)
class Outcome:
    """One line of ledgers/intake.jsonl.

    Attributes
    ----------
    event
        Whether the dataset was taken or refused.
    content
        What it held: a hash of its files, or the hub's commit.
    name, version, status
        The dataset's name; of a taken one its version, and "new", "updated", "unchanged" or "same rows".
    reason, next_step
        Of a refused one.
    by_gate
        Whether the quality gate refused it: then its rows wait in quarantine.
    rules
        Under which gate settings and which code it was refused: under others it is tried again.
    watched
        Whether it came by the watch list.
    """

    event: Literal["taken", "refused"]
    kind: str
    place: str
    variant: str
    content: str
    name: str = ""
    version: str | None = None
    status: str | None = None
    reason: str = ""
    next_step: str = ""
    by_gate: bool = False
    rules: str | None = None
    watched: bool = False
    at: str = ""

    @property
    def id(self) -> tuple[str, str, str]:
        """What it is the outcome of."""
        return self.kind, self.place, self.variant

    @property
    def is_refusal(self) -> bool:
        """Whether it was refused."""
        return self.event == "refused"


class Outcomes:
    """ledgers/intake.jsonl."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._ledger = Ledger(workspace.ledgers / "intake.jsonl")

    @cached_property
    def newest(self) -> dict[tuple[str, str, str], Outcome]:
        """The newest of each, in the order in which they first came; read once per object."""
        return {one.id: one for one in self.lines}

    @cached_property
    def lines(self) -> list[Outcome]:
        """All, oldest first."""
        known = Outcome.__dataclass_fields__
        return [
            Outcome(**{name: line[name] for name in known if name in line}) for line in self._ledger.read()
        ]

    def note(self, item: Item, outcome: Outcome) -> None:
        """Write one down, here and in the audit log."""
        from features.audit import note
        from features.record.recorder import mark_unrecorded

        mark_unrecorded(self._workspace)
        record = self._ledger.append(
            {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__ if name != "at"}
        )
        what = f"{'watched dataset' if item.watch else 'inbox entry'} {outcome.event}"
        on = {name: record[name] for name in ("kind", "place", "name", "version", "reason") if record[name]}
        note(self._workspace, what, on, ledger=self._ledger, record=record)
        self.__dict__.pop("newest", None)
        self.__dict__.pop("lines", None)
