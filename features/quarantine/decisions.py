"""What was decided about refused rows and datasets, as ledgers/registry.jsonl says.

A release stands on the very line that registers the dataset with the released rows, so that neither is ever without
the other; what was dropped has a line of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.artefacts.plan import registry_of
from features.gate.waiver import Waiver

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["DROPPED", "Decisions", "Lifted", "Link"]

DROPPED = "quarantine dropped"
"""The registry's event of refused rows that were deleted."""


@dataclass(frozen=True)
class Lifted:
    """A release: what it lets pass, why, and who decided.

    ``rows`` is digest -> how many rows, ``by_rule`` how many each rule had refused, ``whole`` the content digest of a
    dataset whose refusal as a whole is lifted, or None.
    """

    reason: str
    by: str | None
    rows: Mapping[str, int] = field(default_factory=dict)
    by_rule: Mapping[str, int] = field(default_factory=dict)
    whole: str | None = None

    def to_record(self) -> dict[str, Any]:
        """What stands under ``released`` on the registry's line."""
        return {
            "rows": dict(self.rows),
            "by_rule": dict(self.by_rule),
            "whole": self.whole,
            "reason": self.reason,
            "by": self.by,
        }


@dataclass(frozen=True)
class Link:
    """Which quarantine file belongs to the registration in force, and what was released of it since.

    ``is_known`` is False for a registration from before there were links: then every file of the name may be meant.
    ``version`` is what is registered.
    """

    is_known: bool
    file: str | None
    released: Counter[str]
    version: str


@dataclass(frozen=True)
class Decisions:
    """Every decision in a workspace, read once."""

    workspace: Workspace

    @cached_property
    def _lines(self) -> list[dict[str, Any]]:
        return registry_of(self.workspace).ledger.read()

    def _of(self, role: str, name: str) -> list[dict[str, Any]]:
        return [line for line in self._lines if line.get("kind") == role and line.get("name") == name]

    def waiver(self, role: str, name: str, also: Lifted | None = None) -> Waiver:
        """What the gate has to let pass of a dataset, what is about to be released with it."""
        released = [line["released"] for line in self._of(role, name) if line.get("released")]
        released += [also.to_record()] if also else []
        rows: Counter[str] = Counter()
        for one in released:
            rows.update(one["rows"])
        return Waiver(rows, frozenset(one["whole"] for one in released if one["whole"]))

    def link(self, role: str, name: str) -> Link | None:
        """The quarantine file of the registration in force; None where the name is not registered."""
        found: Link | None = None
        for line in self._of(role, name):
            if line.get("event") != "registered":
                continue
            released = line.get("released") or {}
            if released and not released["whole"] and found is not None:
                found.released.update(released["rows"])
                found = replace(found, version=line["version"])
            else:
                known = "quarantine" in line
                found = Link(known, line.get("quarantine"), Counter(), line["version"])
        return found

    @cached_property
    def dropped_files(self) -> frozenset[str]:
        """Keys of the quarantine files that were dropped."""
        return frozenset(key for line in self._lines if line.get("event") == DROPPED for key in line["files"])

    def dropped_rows(self, role: str, name: str) -> Counter[str]:
        """Digest -> how many rows of a name were dropped: what was deleted on purpose does not come back."""
        found: Counter[str] = Counter()
        for line in self._of(role, name):
            if line.get("event") == DROPPED:
                found.update(line["digests"])
        return found

    def is_linked(self, role: str, name: str, file: str | None) -> bool:
        """Whether the registration in force tells of this quarantine file, or of none where there is none."""
        link = self.link(role, name)
        if link is None or not link.is_known:
            return file is None
        return link.file == file or (file is None and link.file in self.dropped_files)

    def _on_datasets(self, role: str, name: str) -> list[dict[str, Any]]:
        """What settles a refusal of the name as a whole: it is dropped, released, or another version is accepted."""
        return [
            line
            for line in self._of(role, name)
            if line.get("event") == DROPPED
            or (line.get("event") == "registered" and (line.get("released") or {"whole": True})["whole"])
        ]

    def count(self, role: str, name: str) -> int:
        """How many decisions there are by which a refusal of that name as a whole is settled."""
        return len(self._on_datasets(role, name))

    def settled_at(self, role: str, name: str) -> str:
        """When a refused dataset of that name was last settled; empty where it never was."""
        return max((line["at"] for line in self._on_datasets(role, name)), default="")

    def is_settled(self, refusal: Mapping[str, Any]) -> bool:
        """Whether a line of ledgers/quarantine.jsonl needs no decision any more."""
        role, name = str(refusal["role"]), str(refusal["name"])
        if "after" not in refusal:
            # A line of an older version has nothing but its time to go by.
            return bool(refusal["at"] <= self.settled_at(role, name))
        # Rows that are not kept were all dropped before.
        was_dropped = refusal["held"] is None and refusal["rows"] > 0
        return bool(was_dropped or self.count(role, name) > refusal["after"])
