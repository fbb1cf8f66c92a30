"""The rows that are trained and tested on: seeded choices from the splits as published."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.outcome import MissingInput
from benchmarks.texts import datasets_folder
from benchmarks.transfer.chosen import CHECKED_ROWS, SOURCE_ROWS, TEST_ROWS
from models.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Rows", "Target", "group_of", "share_texts", "source_rows", "target_rows"]

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
    return _rows(_shuffled(_split(name, "train")).head(SOURCE_ROWS), _task(name))


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
    """
    taught = _shuffled(_split(name, "train"))
    test = _split(name, "test")
    if not len(test):
        # Texts, not rows, are held out: a repeated text must not be on both sides.
        texts = taught.select("text_a", "text_b").unique(maintain_order=True)
        held = texts.head(min(TEST_ROWS, int(_HELD_OUT * len(texts))))
        test = taught.join(held, on=["text_a", "text_b"], how="semi", nulls_equal=True, maintain_order="left")
    test = _shuffled(test).head(TEST_ROWS)
    taught = taught.join(test, on=["text_a", "text_b"], how="anti", nulls_equal=True, maintain_order="left")
    task = _task(name)
    checked = taught[training : training + CHECKED_ROWS]
    return Target(name, *(_rows(part, task) for part in (taught.head(training), checked, test)))


def share_texts(source: str, target: str) -> bool:
    """Whether a pair is left out because the two datasets share texts (the folder's ``overlap_*.csv``)."""
    return source == target or any({source, target} <= group for group in _groups())


def group_of(name: str) -> str:
    """The group of datasets with shared texts that a dataset belongs to; its own name where there is none.

    Datasets of one group are not independent, which intervals take into account.
    """
    linked = {name}
    while True:  # a shares with b, b with c: one group
        wider = linked.union(*(group for group in _groups() if group & linked))
        if wider == linked:
            return min(linked)
        linked = wider


@cache
def _groups() -> tuple[frozenset[str], ...]:
    folder = datasets_folder()
    groups = pl.read_csv(folder / "overlap_groups.csv").group_by("group").agg("slug")
    named: Iterable[list[str]] = groups["slug"].to_list()
    measured = pl.read_csv(folder / "overlap_measured.csv").select("slug_a", "slug_b").rows()
    return tuple(frozenset(group) for group in (*named, *measured))


@cache
def _task(name: str) -> Task:
    catalog = pl.read_csv(datasets_folder() / "catalog.csv", columns=["slug", "task_type"])
    return Task(dict(catalog.iter_rows())[name])


def _split(name: str, split: str) -> pl.DataFrame:
    """``text_a``, ``text_b`` (null where there is none), ``label``; distinct rows with a text and a label."""
    folder = datasets_folder()
    if not (folder / "catalog.csv").exists():
        raise MissingInput(f"the real datasets are not in {folder}; set SPRINGBOARD_DATASETS to their folder")
    path = folder / name / f"{split}.parquet"
    if not path.exists():
        return pl.DataFrame(schema={"text_a": pl.String, "text_b": pl.String, "label": pl.String})
    frame = pl.read_parquet(path)
    first = "text" if "text" in frame.columns else "text_a"
    second = "text_b" if "text_b" in frame.columns else pl.lit(None, dtype=pl.String)
    rows = frame.select(text_a=first, text_b=second, label="label").drop_nulls(["text_a", "label"])
    rows = rows.filter(pl.col("text_a").str.strip_chars() != "")
    return rows.unique(maintain_order=True)


def _shuffled(rows: pl.DataFrame) -> pl.DataFrame:
    return rows[np.random.default_rng(0).permutation(len(rows)).tolist()]


def _rows(frame: pl.DataFrame, task: Task) -> Rows:
    pairs = frame["text_b"].to_list() if task.is_pair else None
    return Rows(task, frame["text_a"].to_list(), pairs, frame["label"].to_list())
