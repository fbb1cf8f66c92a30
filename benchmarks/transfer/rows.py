"""The rows that are trained and tested on, and which pairs are left out.

Chosen from the team's datasets; or, where ``$SPRINGBOARD_TRANSFER_ROWS`` names a file that ``python -m
benchmarks.transfer.bundle`` wrote, read from that: so that a machine with a GPU and without the datasets (and
without polars) makes the same matrix.
"""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.transfer.chosen import CHECKED_ROWS, SOURCE_ROWS, TEST_ROWS
from models.tasks import Task

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "BUNDLE",
    "Rows",
    "Target",
    "all_groups",
    "group_of",
    "share_texts",
    "source_rows",
    "target_rows",
    "taught_and_tested",
]

BUNDLE = "SPRINGBOARD_TRANSFER_ROWS"
_HELD_OUT = 0.4
"""Share of a dataset without a test split that is tested on, at most."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Labelled rows of one dataset: n texts, n second texts or None, n labels."""

    task: Task
    text_a: list[str]
    text_b: list[str] | None
    labels: list[Any]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, start: int, end: int) -> Rows:
        """Some of the rows."""
        second = None if self.text_b is None else self.text_b[start:end]
        return Rows(self.task, self.text_a[start:end], second, self.labels[start:end])


@dataclass(frozen=True, eq=False)
class Target:
    """A target's rows: trained on, for choosing settings, tested on; they share no text."""

    name: str
    training: Rows
    checked: Rows
    test: Rows


@cache
def source_rows(name: str) -> Rows:
    """The rows of a source that the encoder is tuned on, the same for every seed.

    Raises
    ------
    MissingInput
        There is no folder of datasets.
    """
    if (bundle := _bundle()) is not None:
        return _from_record(bundle["sources"][name])
    from benchmarks.transfer.published import read_split, shuffled

    return _rows(shuffled(read_split(name, "train")).head(SOURCE_ROWS), name)


@cache
def target_rows(name: str, training: int) -> Target:
    """A target's rows, the same for every seed and every source.

    Parameters
    ----------
    name
        The dataset.
    training
        Rows to train on; fewer are the first of more.

    Raises
    ------
    MissingInput
        There is no folder of datasets.
    ValueError
        It has fewer rows than these and those that settings are chosen on.
    """
    taught, test = taught_and_tested(name)
    needed = training + CHECKED_ROWS
    if len(taught) < needed:
        raise ValueError(
            f"{name} has {len(taught):,} rows to train and choose on here, and {needed:,} are needed"
        )
    return Target(name, taught.part(0, training), taught.part(training, needed), test)


def taught_and_tested(name: str) -> tuple[Rows, Rows]:
    """All rows of a target that may be trained or chosen on, in their order, and those it is tested on.

    Raises
    ------
    MissingInput
        There is no folder of datasets.
    """
    if (bundle := _bundle()) is None:
        return _published_target(name)
    taught, test = (_from_record(bundle["targets"][name][part]) for part in ("taught", "test"))
    return taught, test


def _published_target(name: str) -> tuple[Rows, Rows]:
    from benchmarks.transfer.published import read_split, shuffled, without

    taught = shuffled(read_split(name, "train"))
    test = read_split(name, "test")
    if not len(test):
        # Texts, not rows, are held out: a repeated text must not be on both sides.
        texts = taught.select("text_a", "text_b").unique(maintain_order=True)
        held = texts.head(min(TEST_ROWS, int(_HELD_OUT * len(texts))))
        test = taught.join(held, on=["text_a", "text_b"], how="semi", nulls_equal=True, maintain_order="left")
    test = shuffled(test).head(TEST_ROWS)
    return _rows(without(taught, test), name), _rows(test, name)


def share_texts(source: str, target: str) -> bool:
    """Whether a pair is left out because the two datasets share texts (the folder's ``overlap_*.csv``)."""
    return source == target or any({source, target} <= group for group in all_groups())


def group_of(name: str) -> str:
    """The group of datasets with shared texts that a dataset belongs to; its own name where there is none.

    Datasets of one group are not independent, which intervals take into account.
    """
    linked = {name}
    while True:  # a shares with b, b with c: one group
        wider = linked.union(*(group for group in all_groups() if group & linked))
        if wider == linked:
            return min(linked)
        linked = wider


@cache
def all_groups() -> tuple[frozenset[str], ...]:
    """Datasets that share texts."""
    if (bundle := _bundle()) is not None:
        return tuple(frozenset(group) for group in bundle["groups"])
    from benchmarks.transfer.published import groups

    return groups()


@cache
def _bundle() -> dict[str, Any] | None:
    place = os.environ.get(BUNDLE)
    if place is None:
        return None
    with gzip.open(place, "rt", encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def _from_record(record: dict[str, Any]) -> Rows:
    return Rows(Task(record["task"]), record["text_a"], record["text_b"], record["labels"])


def _rows(frame: pl.DataFrame, name: str) -> Rows:
    from benchmarks.transfer.published import task_of

    task = task_of(name)
    pairs = frame["text_b"].to_list() if task.is_pair else None
    return Rows(task, frame["text_a"].to_list(), pairs, frame["label"].to_list())
