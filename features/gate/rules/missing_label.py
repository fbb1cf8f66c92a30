"""A row without a label cannot be learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule
from features.gate.rules.blank_text import INVISIBLE

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del params
    label = pl.col("label")
    if task.is_regression:
        return label.is_not_null()
    return label.is_not_null() & (label.str.strip_chars(INVISIBLE) != "").fill_null(False)


def _expectations(task: Task, params: Params) -> list[Any]:
    del params
    from great_expectations import expectations as gxe

    # label_shown is the label as text: in pandas a missing number and a NaN would be one thing
    column = "label_shown"
    return [
        gxe.ExpectColumnValuesToNotBeNull(column=column),
        *(
            []
            if task.is_regression
            else [gxe.ExpectColumnValuesToMatchRegex(column=column, regex=f"[^{INVISIBLE}]")]
        ),
    ]


RULE = RowRule(name="missing_label", reason="the label is missing", mask=_mask, expectations=_expectations)
