"""A class with one row can be neither learnt nor tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    import pandas as pd

    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task
    enough = pl.len().over("split", "label") >= pl.lit(params["min_rows"])
    return enough | pl.col("label").is_null()


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    del task, params
    rows = frame.groupby(["split", "label_shown"], sort=False)["row_id"].transform("size")
    return {"rows_of_this_class": rows}


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="rows_of_this_class", min_value=params["min_rows"])]


RULE = RowRule(
    name="rare_class",
    reason="the class has fewer than {min_rows} rows",
    mask=_mask,
    expectations=_expectations,
    helper=_helper,
    applies=lambda task, params: not task.is_regression,
    severity={"source": "warning", "target": "warning"},
    params={"min_rows": 2},
)
