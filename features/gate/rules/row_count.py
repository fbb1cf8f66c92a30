"""Too few rows to learn from or to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.gate.rules.base import DatasetRule, Params

if TYPE_CHECKING:
    import polars as pl

    from models.tasks import Task

__all__ = ["RULE"]


def _verdict(rows: pl.DataFrame, task: Task, params: Params) -> tuple[bool, str]:
    del task
    return rows.height >= params["min_rows"], f"{rows.height:,}"


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [gxe.ExpectTableRowCountToBeBetween(min_value=params["min_rows"])]


RULE = DatasetRule(
    name="row_count",
    reason="{seen} good rows are left and at least {min_rows} are needed",
    verdict=_verdict,
    expectations=_expectations,
    params={"min_rows": 20},
)
