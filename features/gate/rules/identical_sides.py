"""A pair of a text with itself is often a copied column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    import pandas as pd

    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    return (pl.col("text_a") != pl.col("text_b")).fill_null(True)


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    import pandas as pd

    del task, params
    same = [int(a is not None and a == b) for a, b in zip(frame["text_a"], frame["text_b"], strict=True)]
    return {"same_text_twice": pd.Series(same, index=frame.index, dtype="int64")}


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="same_text_twice", max_value=0)]


RULE = RowRule(
    name="identical_sides",
    reason="both texts of the pair are the same",
    mask=_mask,
    expectations=_expectations,
    helper=_helper,
    applies=lambda task, params: task.is_pair,
    severity={"source": "warning", "target": "warning"},
)
