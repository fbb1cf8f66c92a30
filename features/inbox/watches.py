"""The watch list: references that the schedule looks at again and again, kept as an append-only ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from features.audit import note
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind
from features.registry.ledger import Ledger
from models.errors import NamingError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Watch", "Watches"]


@dataclass(frozen=True)
class Watch:
    """One watched reference.

    Attributes
    ----------
    kind, reference
        What it is to be, and its reference as the registry keeps it.
    on_hub
        Whether it is a dataset of the hub; else a file or folder.
    revision
        Of a hub dataset: the branch, tag or commit that is followed; the main branch when None.
    options
        As of :class:`features.intake.AddOptions`, those that were given.
    at
        Since when it is watched.
    """

    kind: Kind
    reference: str
    on_hub: bool
    revision: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    at: str = ""

    @property
    def id(self) -> tuple[str, str, str]:
        """A branch of a subset is watched once; two branches or subsets of a dataset are two."""
        return self.kind.value, self.reference, self.variant

    @property
    def variant(self) -> str:
        """Which of a hub dataset's branches and subsets, in words; empty where nobody said."""
        subset = self.options.get("read", {}).get("subset")
        said = {"revision": self.revision, "subset": subset}
        return ", ".join(f"{name} {value}" for name, value in said.items() if value)

    def to_record(self) -> dict[str, Any]:
        """As JSON, without the time."""
        return {name: value for name, value in asdict(self).items() if name != "at"}


@dataclass(frozen=True)
class Watches:
    """ledgers/watches.jsonl."""

    workspace: Workspace

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.workspace.ledgers / "watches.jsonl")

    def current(self) -> dict[tuple[str, str, str], Watch]:
        """What is watched now, in the order in which it was first written."""
        found: dict[tuple[str, str, str], Watch] = {}
        for line in self._ledger.read():
            known = {name: line[name] for name in Watch.__dataclass_fields__ if name in line}
            watch = Watch(**{**known, "kind": Kind(line["kind"])})
            if line["event"] == "watch added":
                found[watch.id] = watch
            else:
                found.pop(watch.id, None)
        return found

    def add(self, watch: Watch) -> Literal["new", "changed", "unchanged"]:
        """Watch a reference from now on, or with other options from now on."""
        with self.workspace.lock("watches"):
            before = self.current().get(watch.id)
            if before is not None and before.to_record() == watch.to_record():
                return "unchanged"
            self._append("watch added", watch)
        return "new" if before is None else "changed"

    def remove(self, reference: str, kind: Kind | None = None, revision: str | None = None) -> list[Watch]:
        """Watch a reference no more; what came from it stays.

        Parameters
        ----------
        reference
            As ``springboard watch list`` shows it, or the name of its dataset.
        kind, revision
            Only what is watched as this, or at this branch.

        Raises
        ------
        NamingError
            Nothing like it is watched.
        """
        from features.reading.wording import did_you_mean, shown

        with self.workspace.lock("watches"):
            current = list(self.current().values())
            found = [
                watch
                for watch in current
                if reference in (watch.reference, watch.options.get("name"))
                and kind in (None, watch.kind)
                and revision in (None, watch.revision)
            ]
            if not found:
                hint = did_you_mean(reference, [watch.reference for watch in current])
                raise NamingError(
                    f"{shown(reference, 300)} is not on the watch list",
                    consequence="nothing was removed",
                    next_step=f"springboard watch list shows what is{f' ({hint})' if hint else ''}",
                )
            for watch in found:
                self._append("watch removed", watch)
        return found

    def _append(self, event: str, watch: Watch) -> None:
        mark_unrecorded(self.workspace)
        record = self._ledger.append({"event": event, **watch.to_record()})
        on = {"kind": watch.kind.value, "reference": watch.reference, "revision": watch.revision}
        note(self.workspace, event, on, ledger=self._ledger, record=record)
