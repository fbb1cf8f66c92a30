"""A text as long as a book is an unclosed quotation mark, not a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    return pl.all_horizontal(
        (pl.col(column).str.len_chars() <= params["max_chars"]).fill_null(True)
        for column in text_columns(task)
    )


def _expectations(task: Task, params: Params) -> list[Any]:
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValueLengthsToBeBetween(column=column, max_value=params["max_chars"])
        for column in text_columns(task)
    ]


RULE = RowRule(
    name="long_text",
    reason="the text has more than {max_chars} characters",
    mask=_mask,
    expectations=_expectations,
    params={"max_chars": 100_000},
)
