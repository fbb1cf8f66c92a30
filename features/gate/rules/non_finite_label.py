"""A label that is not a finite number would poison every sum it enters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    return pl.col("label").is_finite().fill_null(True)


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToNotMatchRegex(column="label_shown", regex="(?i)nan|inf")]


RULE = RowRule(
    name="non_finite_label",
    reason="the label is not a finite number",
    mask=_mask,
    expectations=_expectations,
    applies=lambda task, params: task.is_regression,
)
