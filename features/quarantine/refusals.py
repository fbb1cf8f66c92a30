"""Datasets that the gate refused as a whole: noting that it did, and which of them wait.

A line of ledgers/quarantine.jsonl says which file holds the rows (``held``) and how many decisions on its name the
registry held by then (``after``): whether one came later is counted, for clocks jump.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.audit import note
from features.quarantine.decisions import Decisions
from features.record.recorder import mark_unrecorded
from features.registry.ledger import Ledger, line_of

if TYPE_CHECKING:
    from features.artefacts.cards import Card
    from features.workspace.layout import Workspace

__all__ = ["Refusals", "note_refusal"]


@dataclass(frozen=True)
class Refusals:
    """Every refusal of a workspace, read once."""

    decisions: Decisions

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        return _ledger(self.decisions.workspace).read()

    @cached_property
    def waiting(self) -> list[dict[str, Any]]:
        """Those that nobody has decided on."""
        return [line for line in self.lines if not self.decisions.is_settled(line)]

    @cached_property
    def _by_file(self) -> dict[str, int]:
        return {line["held"]: place for place, line in enumerate(self.lines) if line.get("held")}

    def when(self, key: str, card: Card) -> tuple[int, str]:
        """Place of the newest refusal that a file of rows is of, and its time; later ones sort after earlier ones.

        A file that no line names (from before lines did, or the process was killed) has -1 and its own time.
        """
        place = self._by_file.get(key, -1)
        return place, card.made_at if place < 0 else self.lines[place]["at"]

    def is_waiting(self, key: str, card: Card) -> bool:
        """Whether the rows of a file, of a dataset that was refused as a whole, wait still."""
        place, at = self.when(key, card)
        if place >= 0:
            return not self.decisions.is_settled(self.lines[place])
        return at > self.decisions.settled_at(card.inputs["role"], card.inputs["name"])


def note_refusal(workspace: Workspace, refusal: Mapping[str, Any], held: str | None) -> None:
    """Note that the gate refused a dataset as a whole, unless that is the last that was noted of its name.

    Parameters
    ----------
    workspace
        The workspace.
    refusal
        As :func:`features.gate.quarantine.refusal_record` has it, and how the dataset was read.
    held
        Key of the quarantine file that holds the rows, or None where they are not kept.
    """
    decisions = Decisions(workspace)
    role, name = str(refusal["role"]), str(refusal["name"])
    # What is compared with lines of a ledger has to be as JSON gives it back: lists for tuples.
    record = json.loads(line_of({**refusal, "held": held, "after": decisions.count(role, name)}))
    lines = [line for line in _ledger(workspace).read() if (line["role"], line["name"]) == (role, name)]
    if held is not None or not decisions.dropped_rows(role, name):
        # The same refusal once is enough, however often a schedule tries; once it was decided on it is another one.
        lines = [line for line in lines[-1:] if not decisions.is_settled(line)]
    if any(_is_same(line, record) for line in lines):
        return
    mark_unrecorded(workspace)
    ledger = _ledger(workspace)
    line = ledger.append(record)
    on = {key: refusal[key] for key in ("name", "role", "reference", "reasons")}
    note(workspace, "dataset refused by the gate", on, ledger=ledger, record=line)


def _ledger(workspace: Workspace) -> Ledger:
    return Ledger(workspace.ledgers / "quarantine.jsonl")


def _is_same(line: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Lines from older versions lack some of what is noted now; rows that were dropped are in no file any more."""
    ignored = {"after"} if record["held"] else {"after", "held"}
    return all(line[key] == value for key, value in record.items() if key in line and key not in ignored)
