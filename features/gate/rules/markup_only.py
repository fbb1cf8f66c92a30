"""A bare link or bare markup is the address of a text, not a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns
from features.gate.rules.blank_text import INVISIBLE

if TYPE_CHECKING:
    import pandas as pd

    from models.tasks import Task

__all__ = ["RULE"]

# Both sides share this pattern, each in its own engine: it defines what counts as link and markup.
_LINK_OR_TAG = r"(?i)(?:https?://|www\.)[^ \t\r\n]+|</?[a-z!][^<>]*>"


def _mask(task: Task, params: Params) -> pl.Expr:
    del params
    return pl.all_horizontal(_good(column) for column in text_columns(task))


def _good(column: str) -> pl.Expr:
    text = pl.col(column)
    left = text.str.replace_all(_LINK_OR_TAG, "").str.strip_chars(INVISIBLE)
    blank = text.str.strip_chars(INVISIBLE) == ""  # another rule's business
    return ((left != "") | blank).fill_null(True)


def _helper(frame: pd.DataFrame, task: Task, params: Params) -> dict[str, pd.Series[Any]]:
    import re

    del params
    pattern = re.compile(_LINK_OR_TAG)

    def words_left(text: str | None) -> str | None:
        if text is None or not text.strip(INVISIBLE):
            return None  # expectations pass over missing values
        return pattern.sub("", text).strip(INVISIBLE)

    return {f"{column}_without_markup": frame[column].map(words_left) for column in text_columns(task)}


def _expectations(task: Task, params: Params) -> list[Any]:
    del params
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValueLengthsToBeBetween(column=f"{column}_without_markup", min_value=1)
        for column in text_columns(task)
    ]


RULE = RowRule(
    name="markup_only",
    reason="the text is only a link or only markup",
    mask=_mask,
    expectations=_expectations,
    helper=_helper,
)
