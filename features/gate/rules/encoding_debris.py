"""Text that was decoded with the wrong encoding teaches the encoder rubbish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.gate.rules.base import Params, RowRule, text_columns

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["RULE"]

# The expectation's side, written by hand: the replacement character (raw and itself mangled), control
# characters other than blanks, and lead bytes of UTF-8 read as Latin-1 or Windows-1252 before a trail byte.
_TRAIL = (
    "\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a"
    "\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
_PATTERN = f"\ufffd|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]|[ÂÃ][{_TRAIL}]|â[\x80€][{_TRAIL}]|ï¿½"


def _mask(task: Task, params: Params) -> pl.Expr:
    del params
    return pl.all_horizontal(
        ~pl.col(column).str.contains_any(_debris()).fill_null(False) for column in text_columns(task)
    )


def _debris() -> list[str]:
    """List what to look for by making it: encode as UTF-8, decode as the wrong thing."""
    control = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} - set(
        "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85"
    )
    mangled = set()
    for code in (*range(0x80, 0x100), *range(0x2000, 0x2040)):
        raw = chr(code).encode()
        mangled.add(raw.decode("latin-1"))
        mangled.add("".join(_windows(byte) for byte in raw))
    return sorted({"\ufffd", "ï¿½"} | control | mangled)


def _windows(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there; decoders let them through as they are
        return chr(byte)


def _expectations(task: Task, params: Params) -> list[Any]:
    del params
    from great_expectations import expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotMatchRegex(column=column, regex=_PATTERN) for column in text_columns(task)
    ]


RULE = RowRule(
    name="encoding_debris",
    reason="the text holds the debris of a wrong encoding (\ufffd, control characters, or things like 'Ã©')",
    mask=_mask,
    expectations=_expectations,
)
