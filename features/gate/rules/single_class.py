"""With one class there is nothing to tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.gate.rules.base import DatasetRule, Params

if TYPE_CHECKING:
    import polars as pl

    from models.tasks import Task

__all__ = ["RULE"]


def _verdict(rows: pl.DataFrame, task: Task, params: Params) -> tuple[bool, str]:
    del task
    distinct = rows["label"].drop_nulls().n_unique()
    return distinct >= params["min_classes"], str(distinct)


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="label_shown", min_value=params["min_classes"])
    ]


RULE = DatasetRule(
    name="single_class",
    reason="the labels hold {seen} class(es) and at least {min_classes} are needed",
    verdict=_verdict,
    expectations=_expectations,
    applies=lambda task, params: not task.is_regression,
    params={"min_classes": 2},
)
