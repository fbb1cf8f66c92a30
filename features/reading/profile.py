"""What a column looks like: the grounds on which texts and labels are told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from features.reading.labels import MISSING_TOKENS

if TYPE_CHECKING:
    from features.reading.table import Table

__all__ = ["Profile", "profile_of", "profiles_of"]

_SAMPLE = 5_000
_ID_NAME = re.compile(
    r"^(id|ids|idx|index|guid|uuid|uid|key|hash|rowid|row|number|no|nr|position|unnamed.*|"
    r".*[ _.-](id|ids|idx|index|guid|uuid|key)|.*[a-z](Id|ID|Idx))$"
)
_URL = r"^\s*(https?://|www\.)\S+\s*$"


@dataclass(frozen=True)
class Profile:
    """A column in numbers, from a sample of its rows.

    Parameters
    ----------
    name
        The column, as it would be named in the options.
    kind
        ``text``, ``int``, ``float``, ``bool``, ``class`` (numbers with published names) or ``other``.
    filled
        Rows that hold something.
    distinct
        Distinct values among them.
    words, characters
        Mean per value; 0 where it is no text.
    urls
        Share of values that are addresses.
    is_id
        Whether it numbers or names the rows, by its name or by counting up.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    words: float = 0.0
    characters: float = 0.0
    urls: float = 0.0
    is_id: bool = False

    @property
    def variety(self) -> float:
        """Distinct values as a share of the filled rows."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def reads_like_text(self) -> bool:
        """Whether the values are prose rather than names of classes: several words, mostly distinct."""
        return self.kind == "text" and self.urls < 0.5 and self.words >= 2.0 and self.variety > 0.2

    @property
    def reads_like_label(self) -> bool:
        """Whether the values could be classes or measurements."""
        if self.is_id or self.distinct < 2 or self.kind == "other" or self.urls >= 0.5:
            return False
        if self.kind == "text":
            return self.variety <= 0.5 and self.words < 8 and self.characters < 80
        return True


def profiles_of(table: Table) -> list[Profile]:
    """Profile every column that holds single values."""
    # Column by column: asked for each by its name, a frame goes through all of them every time.
    return [
        profile_of(series, series.name, untyped=table.untyped, named=series.name in table.class_names)
        for series in table.frame.get_columns()
        if series.name not in table.nested and not isinstance(series.dtype, pl.List | pl.Array | pl.Null)
    ]


def profile_of(series: pl.Series, name: str, *, untyped: bool = False, named: bool = False) -> Profile:
    """Profile one column; `named` when the publisher tells its class names."""
    # Whole sections of a file may be of one class, so rows are taken from all along it.
    step = max(1, series.len() // _SAMPLE)
    values = series.gather_every(step).drop_nulls()
    if values.dtype == pl.String:
        values = values.str.strip_chars()
        values = values.filter(values != "")
        if untyped:
            values = values.filter(~values.is_in(list(MISSING_TOKENS)))
    kind = "class" if named else _kind(values, untyped=untyped)
    filled, distinct = values.len(), values.n_unique()
    named_id = bool(_ID_NAME.match(name.strip())) or bool(_ID_NAME.match(name.strip().lower()))
    if not filled or kind != "text":
        is_id = named_id or (kind == "int" and _counts_up(values))
        return Profile(name, kind, filled, distinct, is_id=is_id and kind != "class")
    text = values.cast(pl.String)
    return Profile(
        name=name,
        kind=kind,
        filled=filled,
        distinct=distinct,
        words=float(text.str.count_matches(r"\S+").mean() or 0),  # type: ignore[arg-type]
        characters=float(text.str.len_chars().mean() or 0),  # type: ignore[arg-type]
        urls=float(text.str.contains(_URL).mean() or 0),  # type: ignore[arg-type]
        is_id=named_id,
    )


def _kind(values: pl.Series, *, untyped: bool) -> str:
    dtype = values.dtype
    if dtype == pl.Boolean:
        return "bool"
    if dtype.is_integer():
        return "int"
    if dtype.is_float():
        return "float"
    if dtype != pl.String:
        return "other"
    if untyped and values.len():
        numbers = values.cast(pl.Float64, strict=False)
        if not numbers.null_count():
            return "int" if values.str.contains(r"^[-+]?\d+$").all() else "float"
    return "text"


def _counts_up(values: pl.Series) -> bool:
    """Row numbers: every value larger than the one before, and hardly any gap."""
    if values.len() < 20:
        return False
    numbers = values.cast(pl.Float64, strict=False)
    steps = numbers.diff().drop_nulls()
    return bool((steps > 0).all()) and numbers.n_unique() == numbers.len() and float(steps.median() or 0) >= 1  # type: ignore[arg-type]
