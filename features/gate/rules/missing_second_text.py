"""A pair without its second text is no pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    return pl.col("text_b").is_not_null()


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToNotBeNull(column="text_b")]


RULE = RowRule(
    name="missing_second_text",
    reason="the pair's second text is missing",
    mask=_mask,
    expectations=_expectations,
    applies=lambda task, params: task.is_pair,
)
