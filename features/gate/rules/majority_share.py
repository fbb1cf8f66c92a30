"""When one class is nearly everything, a constant answer is hard to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.gate.rules.base import DatasetRule, Params

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from models.tasks import Task

__all__ = ["RULE"]


def _verdict(rows: pl.DataFrame, task: Task, params: Params) -> tuple[bool, str]:
    del task
    labels = rows["label"].drop_nulls()
    if labels.is_empty():
        return True, "nothing"
    share = int(labels.unique_counts().max()) / len(labels)  # type: ignore[arg-type]
    return share <= params["max_share"], f"{share:.1%}"


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    del task, params
    shares = frame["label_shown"].value_counts(normalize=True)
    return {"share_of_this_class": frame["label_shown"].map(shares).astype(float)}


def _expectations(task: Task, params: Params) -> list[Any]:
    del task
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="share_of_this_class", max_value=params["max_share"])]


RULE = DatasetRule(
    name="majority_share",
    reason="one class holds {seen} of the rows, more than {max_share:.0%}",
    verdict=_verdict,
    expectations=_expectations,
    helper=_helper,
    applies=lambda task, params: not task.is_regression,
    severity={"source": "warning", "target": "warning"},
    params={"max_share": 0.9},
)
