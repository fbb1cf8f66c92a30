"""A row without a text says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    return pl.col("text_a").is_not_null()


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToNotBeNull(column="text_a")]


RULE = RowRule(name="missing_text", reason="the text is missing", mask=_mask, expectations=_expectations)
