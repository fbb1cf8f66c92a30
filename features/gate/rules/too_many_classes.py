"""Nearly as many classes as rows: the label is a score, an id or the text itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.gate.rules.base import DatasetRule, Params

if TYPE_CHECKING:
    import polars as pl

    from models.tasks import Task

__all__ = ["RULE"]


def _verdict(rows: pl.DataFrame, task: Task, params: Params) -> tuple[bool, str]:
    del task
    labels = rows["label"].drop_nulls()
    share = labels.n_unique() / len(labels) if len(labels) else 0.0
    return share <= params["max_share"], f"{labels.n_unique():,} classes in {len(labels):,} rows"


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(
            column="label_shown", max_value=params["max_share"]
        )
    ]


RULE = DatasetRule(
    name="too_many_classes",
    reason="{seen}: the label looks like a number or an id, not a class",
    verdict=_verdict,
    expectations=_expectations,
    applies=lambda task, params: not task.is_regression,
    params={"max_share": 0.5},
)
