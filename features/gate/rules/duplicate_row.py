"""A row that repeats an earlier one of its split adds weight, not knowledge: the first one stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    import pandas as pd

    from models.tasks import Task

__all__ = ["RULE"]

_KEY = ("split", "text_a", "text_b", "label")


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    return pl.struct(_KEY).is_first_distinct()


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    del task, params
    key = ["split", "text_a", "text_b", "label_shown"]
    return {"earlier_copies": frame.groupby(key, dropna=False, sort=False).cumcount()}


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="earlier_copies", max_value=0)]


RULE = RowRule(
    name="duplicate_row",
    reason="the row repeats an earlier one",
    mask=_mask,
    expectations=_expectations,
    helper=_helper,
)
