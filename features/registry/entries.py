"""The registry: which names stand for which datasets, as sources and as targets, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from features.registry.ledger import Ledger, parse_time
from features.wording import did_you_mean
from models.errors import NamingError
from models.tasks import Task

__all__ = ["POOL_ADDED", "Entry", "Kind", "Pooled", "Registry"]

POOL_ADDED = "pool added"
"""The ledger's event of a ready-made pool; one line holds all of its sources, so that they come all or not at all."""


class Kind(StrEnum):
    """What a registered dataset is for."""

    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True)
class Entry:
    """One registration: a name, the dataset version it stands for, and where that came from.

    ``reference`` and ``options`` are what was typed, so that the dataset can be read again; ``sketch`` is the
    key of its leak-check sketch (all splits, all rows); ``tuned_model`` is the reference of a model tuned
    elsewhere and ``tuned_model_id`` the hash of its weights. ``cap`` and ``cap_seed`` are how many rows were to be
    used and which choice that was, so that other settings later do not make these rows other rows.
    """

    kind: Kind
    name: str
    version: str
    task: Task
    reference: str
    rows: int
    sketch: str
    cap: int
    cap_seed: int
    options: dict[str, Any] = field(default_factory=dict)
    tuned_model: str | None = None
    tuned_model_id: str | None = None
    licence: str | None = None
    at: str = ""

    def to_record(self) -> dict[str, Any]:
        """The ledger line of this registration, without the time."""
        record = asdict(self)
        record.pop("at")
        return {"event": "registered", **record}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Entry:
        """The registration of a ledger line."""
        known = {key: record[key] for key in cls.__dataclass_fields__ if key in record}
        return cls(**{**known, "kind": Kind(record["kind"]), "task": Task(record["task"])})


@dataclass(frozen=True)
class Pooled:
    """A source that came with a ready-made pool: its rows are not here, what was made of them is.

    Attributes
    ----------
    pool, listed
        The pool, and what the pool calls the source.
    name
        What rankings call it: the same, unless that name stood for other rows here.
    version, task, rows, reference, licence, cap, cap_seed
        As of an :class:`Entry`; ``reference`` says where the rows can be had, and is never read from.
    file
        The key of its file under data/pools.
    encoder, encoder_label
        The id of the encoder its ESM stands on, and how people call that.
    esm, sketch
        Keys of the files that are made from its file.
    """

    pool: str
    listed: str
    name: str
    version: str
    task: Task
    rows: int
    reference: str
    file: str
    encoder: str
    encoder_label: str
    esm: str
    sketch: str
    cap: int
    cap_seed: int
    licence: str | None = None
    at: str = ""

    def as_source(self) -> Entry:
        """What a ranking needs of a source."""
        return Entry(
            kind=Kind.SOURCE,
            name=self.name,
            version=self.version,
            task=self.task,
            reference=self.reference,
            rows=self.rows,
            sketch=self.sketch,
            cap=self.cap,
            cap_seed=self.cap_seed,
            licence=self.licence,
            at=self.at,
        )

    @classmethod
    def from_record(cls, record: dict[str, Any], at: str) -> Pooled:
        """One source of a ledger line."""
        known = {key: record[key] for key in cls.__dataclass_fields__ if key in record}
        return cls(**{**known, "task": Task(record["task"]), "at": at})


@dataclass(frozen=True)
class Registry:
    """What ledgers/registry.jsonl says, now or at an earlier time."""

    path: Path

    @property
    def ledger(self) -> Ledger:
        """The file."""
        return Ledger(self.path)

    @cached_property
    def history(self) -> list[Entry]:
        """Every registration, oldest first; read once per object."""
        return [Entry.from_record(r) for r in self.ledger.read() if r.get("event") == "registered"]

    def pooled(self, as_of: datetime | None = None) -> dict[tuple[str, str], Pooled]:
        """(pool, what the pool calls it) -> the source that came with a ready-made pool, in the order of coming."""
        found: dict[tuple[str, str], Pooled] = {}
        for line in self.ledger.read():
            if line.get("event") != POOL_ADDED or (as_of is not None and parse_time(line["at"]) > as_of):
                continue
            for record in line["sources"]:
                one = Pooled.from_record(record, line["at"])
                before = found.get((one.pool, one.listed))
                # What an update of the pool left as it was is as old as it was.
                if before is None or replace(before, at=one.at) != one:
                    found[one.pool, one.listed] = one
        return found

    def offered(self, name: str) -> Entry:
        """The source of a name, whether its rows are registered here or it came with a pool.

        The same rows under two names are one source, told of under the name that came first.

        Raises
        ------
        NamingError
            As for :meth:`get`.
        """
        if name not in self.current(Kind.SOURCE):
            for one in self.pooled().values():
                if one.name == name:
                    return one.as_source()
        entry = self.get(Kind.SOURCE, name)
        return self.pool()[entry.version, entry.tuned_model_id]

    def register(self, entry: Entry, **more: Any) -> Entry:
        """Append a registration; the newest of a name is the one in force.

        ``more`` stands on the same line: what has to be true together with the registration, or not at all.
        """
        record = self.ledger.append({**entry.to_record(), **more})
        self.__dict__.pop("history", None)
        return Entry.from_record(record)

    def current(self, kind: Kind, as_of: datetime | None = None) -> dict[str, Entry]:
        """Name -> registration in force, in the order in which the names first came."""
        entries: dict[str, Entry] = {}
        for entry in self.history:
            if entry.kind is kind and (as_of is None or parse_time(entry.at) <= as_of):
                entries[entry.name] = entry
        return entries

    def pool(self, as_of: datetime | None = None) -> dict[tuple[str, str | None], Entry]:
        """The distinct sources: (version, tuned model id) -> the first name's registration.

        The same rows under two names are one source, which is why nothing is computed or ranked twice.
        """
        pool: dict[tuple[str, str | None], Entry] = {}
        for entry in self.current(Kind.SOURCE, as_of).values():
            pool.setdefault((entry.version, entry.tuned_model_id), entry)
        return pool

    def get(self, kind: Kind, name: str) -> Entry:
        """The registration of a name.

        Raises
        ------
        NamingError
            No such name; the nearest registered ones are suggested.
        """
        entries = self.current(kind)
        if name in entries:
            return entries[name]
        if kind is Kind.SOURCE:
            self._refuse_pooled(name)
        shown = name if len(name) <= 64 else name[:61] + "..."
        raise NamingError(
            f"no {kind.value} is registered as {shown!r}",
            consequence="nothing was done",
            next_step=f"springboard list {kind.value}s shows the names.{did_you_mean(name, entries)}",
        )

    def _refuse_pooled(self, name: str) -> None:
        for one in self.pooled().values():
            if one.name == name:
                raise NamingError(
                    f"source '{name}' came ready-made with pool '{one.pool}', without its rows",
                    consequence="nothing was done; it is ranked as it is",
                    next_step=f"springboard source add with its rows ({one.reference}) to make anything of them here",
                )

    def resolve(self, entities: Sequence[str] | None, as_of: datetime | None = None) -> pl.DataFrame:
        """Names and the versions they stood for at a time: columns ``entity``, ``version``.

        A name may be both a source and a target; then both its versions are given. Unknown names give no row.
        """
        rows = {
            (entry.name, entry.version)
            for kind in Kind
            for entry in self.current(kind, as_of).values()
            if entities is None or entry.name in entities
        }
        rows |= {
            (one.name, one.version)
            for one in self.pooled(as_of).values()
            if entities is None or one.name in entities
        }
        return pl.DataFrame(sorted(rows), schema={"entity": pl.String, "version": pl.String}, orient="row")
