"""The ledger of imported ESMs: which names stand for which maps from elsewhere, and which were refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.audit import note
from features.registry.entries import Entry, Kind
from features.registry.ledger import Ledger
from models.tasks import Task

if TYPE_CHECKING:
    from features.workspace.layout import Workspace
    from models.encoder.settings import Pooling

__all__ = ["Import", "Imports", "Refusal"]


@dataclass(frozen=True)
class Import:
    """One imported ESM.

    Attributes
    ----------
    name
        What it is called in rankings; no source has the same.
    reference, revision
        The folder or hub id it came from, and the commit there.
    esm
        The key of its file under data/esms, a hash of the map and of what it stands on: another map, another key.
    base_model
        The encoder that its config names.
    pooling
        Where its config or somebody said so; None leaves it to the base model's type
        (:func:`models.esm.exchange.reference_pooling`).
    width, rank
        Of the map.
    same_weights_as
        Content hash of an encoder of which somebody said that it is the base model under another reference.
    task_id, task_subset, text_columns, label_column
        The dataset its config says it was made from. Its rows are not here.
    """

    name: str
    reference: str
    esm: str
    base_model: str
    width: int
    rank: int
    task_id: str
    revision: str | None = None
    pooling: Pooling | None = None
    same_weights_as: str | None = None
    task_subset: str | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    at: str = ""

    def as_source(self) -> Entry:
        """What a ranking needs of a source: the name and the version.

        There are no rows and no sketch; the task is one of four and says nothing, since a config does not tell it.
        """
        return Entry(
            kind=Kind.SOURCE,
            name=self.name,
            version=self.esm,
            task=Task.CLASSIFICATION,
            reference=self.reference,
            rows=0,
            sketch="",
            cap=0,
            cap_seed=0,
            at=self.at,
        )


@dataclass(frozen=True)
class Refusal:
    """An ESM that could not be imported, and why."""

    name: str
    reference: str
    reason: str
    at: str = ""


@dataclass(frozen=True)
class Imports:
    """What ledgers/imports.jsonl says."""

    workspace: Workspace

    @property
    def ledger(self) -> Ledger:
        """The file."""
        return Ledger(self.workspace.ledgers / "imports.jsonl")

    @cached_property
    def _lines(self) -> list[dict[str, Any]]:
        return self.ledger.read()

    def current(self) -> dict[str, Import]:
        """Name -> import in force, in the order in which the names first came."""
        found: dict[str, Import] = {}
        for line in self._lines:
            if line.get("event") == "imported":
                known = {name: line[name] for name in Import.__dataclass_fields__ if name in line}
                found[line["name"]] = Import(**{**known, "text_columns": tuple(line["text_columns"])})
        return found

    def pool(self) -> list[Import]:
        """The distinct ones: the same map under two names is one, told of under the name that came first."""
        distinct: dict[str, Import] = {}
        for one in self.current().values():
            distinct.setdefault(one.esm, one)
        return list(distinct.values())

    def refused(self) -> list[Refusal]:
        """What was refused and did not come in under the same reference since."""
        last: dict[str, Refusal] = {}
        for line in self._lines:
            if line.get("event") == "refused":
                known = {name: line[name] for name in Refusal.__dataclass_fields__ if name in line}
                last[line["reference"]] = Refusal(**known)
            else:
                last.pop(line["reference"], None)
        return list(last.values())

    def note(self, one: Import) -> None:
        """Append an import; the newest of a name is the one in force."""
        record = {name: value for name, value in asdict(one).items() if name != "at"}
        self._append({"event": "imported", **record})

    def note_refusal(self, name: str, reference: str, reason: str) -> None:
        """Append a refusal, unless the same one was noted last."""
        before = next((one for one in self.refused() if one.reference == reference), None)
        if before is None or before.reason != reason:
            self._append({"event": "refused", "name": name, "reference": reference, "reason": reason})

    def note_drop(self, one: Refusal, reason: str, by: str | None) -> None:
        """Append that somebody dropped a refusal; the same refused again is noted again."""
        about = {"name": one.name, "reference": one.reference}
        self._append({"event": "dropped", **about, "reason": reason, "by": by})

    def _append(self, record: dict[str, Any]) -> None:
        line = self.ledger.append(record)
        self.__dict__.pop("_lines", None)
        on: dict[str, Any] = {
            name: record[name] for name in ("name", "reference", "esm", "reason") if name in record
        }
        note(self.workspace, f"ESM {record['event']}", on, ledger=self.ledger, record=line)
