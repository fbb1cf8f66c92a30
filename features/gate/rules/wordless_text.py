"""A text without a letter or a digit is worth a look; an emoji can still be a whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del params
    return pl.all_horizontal(
        pl.col(column).str.contains(r"[\p{L}\p{N}]").fill_null(True) for column in text_columns(task)
    )


def _expectations(task: Task, params: Params) -> list[Any]:
    del params
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValuesToMatchRegex(column=column, regex=r"[^\W_]") for column in text_columns(task)
    ]


RULE = RowRule(
    name="wordless_text",
    reason="the text has no letter and no digit",
    mask=_mask,
    expectations=_expectations,
    severity={"source": "warning", "target": "warning"},
)
