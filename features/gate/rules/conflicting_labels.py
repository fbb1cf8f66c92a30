"""One text under two labels: nobody can tell which is right, so none of its rows is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule

if TYPE_CHECKING:
    import pandas as pd

    from models.tasks import Task

__all__ = ["RULE"]

_TEXTS = ["split", "text_a", "text_b"]


def _mask(task: Task, params: Params) -> pl.Expr:
    del task, params
    one_label = pl.col("label").drop_nulls().n_unique().over(_TEXTS) <= 1
    return one_label | pl.col("text_a").is_null()


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    del task, params
    labels = frame.groupby(_TEXTS, dropna=False, sort=False)["label_shown"].transform("nunique")
    return {"labels_of_this_text": labels.where(frame["text_a"].notna())}


def _expectations(task: Task, params: Params) -> list[Any]:
    del task, params
    from great_expectations import expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="labels_of_this_text", max_value=1)]


RULE = RowRule(
    name="conflicting_labels",
    reason="the same text also stands under another label",
    mask=_mask,
    expectations=_expectations,
    helper=_helper,
    applies=lambda task, params: not task.is_regression,
)
