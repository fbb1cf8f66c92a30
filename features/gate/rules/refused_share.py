"""When most rows were refused, the columns were probably read wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.gate.rules.base import DatasetRule, Params

if TYPE_CHECKING:
    import polars as pl

    from models.tasks import Task

__all__ = ["RULE"]


def _verdict(rows: pl.DataFrame, task: Task, params: Params) -> tuple[bool, str]:
    del task
    refused = int(rows["refused"].sum())
    share = refused / rows.height if rows.height else 0.0
    return share <= params["max_share"], f"{refused:,} of {rows.height:,} rows ({share:.1%})"


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    # both sides see one column of who was refused: the outcome of the row rules, not a fact of the rows
    return [gxe.ExpectColumnMeanToBeBetween(column="refused", max_value=params["max_share"])]


RULE = DatasetRule(
    name="refused_share",
    reason="{seen} were refused, more than {max_share:.0%}",
    verdict=_verdict,
    expectations=_expectations,
    params={"max_share": 0.5},
    over="all",
)
