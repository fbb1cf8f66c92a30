"""A text of blanks, zero-width characters or nothing at all is no text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["INVISIBLE", "RULE"]

INVISIBLE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\xad\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufe0f\ufeff"
)
"""Characters that show nothing. Spelt out because engines disagree on what ``\\s`` means."""


def _mask(task: Task, params: Params) -> pl.Expr:
    del params
    return pl.all_horizontal(
        (pl.col(column).str.strip_chars(INVISIBLE) != "").fill_null(True) for column in text_columns(task)
    )


def _expectations(task: Task, params: Params) -> list[Any]:
    del params
    from great_expectations import expectations as gxe

    visible = f"[^{INVISIBLE}]"
    return [gxe.ExpectColumnValuesToMatchRegex(column=column, regex=visible) for column in text_columns(task)]


RULE = RowRule(
    name="blank_text",
    reason="the text is empty or shows nothing",
    mask=_mask,
    expectations=_expectations,
)
