"""Which rows of a dataset stayed, came, went or have another label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RowChanges", "row_changes"]

_ENOUGH = 20
"""Of fewer rows that stayed it may be chance that each class became one other."""


@dataclass(frozen=True)
class RowChanges:
    """Two versions of a dataset, row by row; a row is its texts.

    Attributes
    ----------
    old, new
        The labels, [n] and [m]; the old ones by their new names where classes were only renamed.
    stayed
        [k] places in the old version and [k] in the new one of the rows that are in both.
    came, went
        Places in the new version of the rows that are not in the old one, and the other way round.
    relabelled
        How many of those that stayed have another label.
    renamed
        Old class -> new class, where the two versions' classes are one and the same under other names.
    """

    old: NDArray[np.object_]
    new: NDArray[np.object_]
    stayed: tuple[NDArray[np.int64], NDArray[np.int64]]
    came: NDArray[np.int64]
    went: NDArray[np.int64]
    relabelled: int
    renamed: dict[str, str]


def row_changes(old: pl.DataFrame, new: pl.DataFrame) -> RowChanges:
    """Compare two versions of canonical rows (``text_a``, ``text_b``, ``label``)."""
    places = _keyed(old).join(_keyed(new), on=["text_a", "text_b", "copy"], how="full", suffix="_new")
    both = places.drop_nulls(["row", "row_new"]).sort("row_new")
    stayed = _places(both, "row"), _places(both, "row_new")
    was, now = _labels(old), _labels(new)
    renamed = _renamed(was[stayed[0]].tolist(), now[stayed[1]].tolist(), set(was.tolist()))
    if renamed:
        was = np.array([renamed[label] for label in was.tolist()], dtype=object)
    return RowChanges(
        old=was,
        new=now,
        stayed=stayed,
        came=_places(places.filter(pl.col("row").is_null()), "row_new"),
        went=_places(places.filter(pl.col("row_new").is_null()), "row"),
        relabelled=int((was[stayed[0]] != now[stayed[1]]).sum()),
        renamed=renamed,
    )


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    # A missing text is a value of its own; the second copy of a row is another row.
    texts = rows.select(pl.col("text_a", "text_b").fill_null("\0")).with_row_index("row")
    return texts.with_columns(copy=pl.int_range(pl.len()).over("text_a", "text_b"))


def _places(rows: pl.DataFrame, column: str) -> NDArray[np.int64]:
    return rows[column].to_numpy().astype(np.int64)


def _labels(rows: pl.DataFrame) -> NDArray[np.object_]:
    return np.array(rows["label"].to_list(), dtype=object)


def _renamed(was: list[object], now: list[object], classes: set[object]) -> dict[str, str]:
    """The renaming, where each old class became one new one and none is left over."""
    if len(was) < _ENOUGH:
        return {}
    pairs = set(zip(was, now, strict=True))
    olds, news = {a for a, _ in pairs}, {b for _, b in pairs}
    one_to_one = len(pairs) == len(olds) == len(news) and olds == classes
    if not one_to_one or all(a == b for a, b in pairs) or not all(isinstance(a, str) for a in classes):
        return {}
    return {str(a): str(b) for a, b in sorted(pairs, key=str)}
