"""Reading the team's real datasets: rows as published, cleaned of what cannot be trained on, and who shares texts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from benchmarks.outcome import MissingInput
from benchmarks.texts import datasets_folder
from models.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["groups", "read_split", "shuffled", "task_of", "without"]


def read_split(name: str, split: str) -> pl.DataFrame:
    """``text_a``, ``text_b`` (null where there is none), ``label``: distinct rows with a text and a label.

    Raises
    ------
    MissingInput
        There is no folder of datasets.
    """
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


def shuffled(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in another order, always the same."""
    return rows[np.random.default_rng(0).permutation(len(rows)).tolist()]


def without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows whose texts are not among the others'."""
    return rows.join(others, on=["text_a", "text_b"], how="anti", nulls_equal=True, maintain_order="left")


@cache
def groups() -> tuple[frozenset[str], ...]:
    """Datasets that share texts (``overlap_*.csv`` of the folder)."""
    folder = datasets_folder()
    named: Iterable[list[str]] = (
        pl.read_csv(folder / "overlap_groups.csv")
        .group_by("group")
        .agg("slug")
        .sort("group")["slug"]
        .to_list()
    )
    measured = pl.read_csv(folder / "overlap_measured.csv").select("slug_a", "slug_b").rows()
    return tuple(frozenset(group) for group in (*named, *measured))


@cache
def task_of(name: str) -> Task:
    """A dataset's task type, by the catalogue."""
    catalog = pl.read_csv(datasets_folder() / "catalog.csv", columns=["slug", "task_type"])
    return Task(dict(catalog.iter_rows())[name])
