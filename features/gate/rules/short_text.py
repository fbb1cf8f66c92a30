"""A text of a character or two is usually the rest of a broken row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    return pl.all_horizontal(
        (pl.col(column).str.len_chars() >= params["min_chars"]).fill_null(True)
        for column in text_columns(task)
    )


def _expectations(task: Task, params: Params) -> list[Any]:
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValueLengthsToBeBetween(column=column, min_value=params["min_chars"])
        for column in text_columns(task)
    ]


RULE = RowRule(
    name="short_text",
    reason="the text has fewer than {min_chars} characters",
    mask=_mask,
    expectations=_expectations,
    severity={"source": "warning", "target": "warning"},
    params={"min_chars": 2},
)
