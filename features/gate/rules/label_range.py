"""A score outside the declared scale is an error of whoever typed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task
    label, low, high = pl.col("label"), params["min"], params["max"]
    good = pl.lit(True)
    if low is not None:
        good &= label >= low
    if high is not None:
        good &= label <= high
    return (good | label.is_nan()).fill_null(True)  # NaN is another rule's business


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="label", min_value=params["min"], max_value=params["max"])
    ]


RULE = RowRule(
    name="label_range",
    reason="the label lies outside the declared range from {min} to {max}",
    mask=_mask,
    expectations=_expectations,
    applies=lambda task, params: (
        task.is_regression and (params["min"] is not None or params["max"] is not None)
    ),
    params={"min": None, "max": None},
)
