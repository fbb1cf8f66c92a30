"""Labels: what counts as missing, what the task is, and one form for what stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from features.reading.wording import listed, shown
from models.errors import MappingError
from models.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["MISSING_TOKENS", "Labels", "clean_labels", "task_of", "to_canonical"]

MISSING_TOKENS = frozenset({"NULL", "null", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "\\N"})
"""What stands for "nothing" in delimited text, whose cells have no other way to say it.

"None" and "none" are not among them: they are common names of a class (a stance towards nothing, no emotion).
They count as missing only in a column whose other values are numbers, where they can be no class; elsewhere
``--missing-labels None`` says so.
"""
_NONE = frozenset({"None", "none", "NONE"})
_FEW_CLASSES = 20
_MOST_CLASSES = 200
_INTEGER = r"^[-+]?\d{1,15}$"
_INTEGRAL = r"^[-+]?\d{1,15}(\.0+)?$"


@dataclass(frozen=True)
class Labels:
    """A label column after cleaning.

    Parameters
    ----------
    values
        Strings, or Float64 where all are numbers that are not whole; a missing label is null.
    kind
        ``text``, ``bool``, ``int`` (whole numbers), ``float`` or ``class`` (numbers with names).
    missing
        The written values that were taken as missing, and how many rows each had.
    """

    values: pl.Series
    kind: str
    missing: dict[str, int] = field(default_factory=dict)


def clean_labels(
    series: pl.Series, *, untyped: bool, names: tuple[str, ...] | None, missing: Collection[str]
) -> Labels:
    """Bring a label column into one form, whatever it was published in.

    Whitespace around labels goes; empty ones, nulls and NaN are missing, the caller's `missing` values too,
    and in untyped text also :data:`MISSING_TOKENS`. Class numbers get their names, and -1 among them is
    missing.
    Whole numbers written as 3.0 beside missing ones (what pandas makes of integers with gaps) become 3.

    Parameters
    ----------
    series
        The column as read.
    untyped
        Whether its cells are text that may stand for numbers or for nothing.
    names
        The names of class numbers, when the publisher tells.
    missing
        Values that the caller declares as missing.
    """
    dtype = series.dtype
    if names is not None:
        return _named(series, names, missing)
    if dtype == pl.Boolean:
        return _drop_declared(series.cast(pl.String), "bool", missing)
    if dtype.is_float():
        return _floats(series.cast(pl.Float64), missing)
    if dtype.is_integer():
        return _drop_declared(series.cast(pl.String), "int", missing)
    return _texts(series.cast(pl.String), untyped, missing)


def _drop_declared(text: pl.Series, kind: str, missing: Collection[str]) -> Labels:
    """Make declared values null, and count them."""
    declared = [value.strip() for value in missing]
    hit = text.is_in(declared).fill_null(value=False)
    counts = dict(text.filter(hit).value_counts().iter_rows()) if hit.any() else {}
    return Labels(text.set(hit, None) if counts else text, kind, counts)


def _named(series: pl.Series, names: tuple[str, ...], missing: Collection[str]) -> Labels:
    numbers = series.cast(pl.Int64)
    known = dict(enumerate(names))
    text = numbers.replace_strict(known, default=None, return_dtype=pl.String)
    labels = _drop_declared(text, "class", missing)
    hidden = numbers.is_not_null() & text.is_null()
    counts = dict(numbers.filter(hidden).cast(pl.String).value_counts().iter_rows())
    return Labels(labels.values, "class", {**labels.missing, **counts})


def _floats(series: pl.Series, missing: Collection[str]) -> Labels:
    values = series.fill_nan(None)
    gone = _drop_declared(_number_text(values), "float", missing)
    values = values.set(gone.values.is_null() & values.is_not_null(), None)
    filled = values.drop_nulls()
    gaps = values.null_count() > 0
    # Infinity equals itself rounded, and no whole number that is counted here is beyond 64 bits.
    whole = (filled.abs() < 2.0**63).all() and (filled == filled.round()).all()
    if gaps and filled.len() and whole and filled.n_unique() <= _FEW_CLASSES:
        return Labels(values.cast(pl.Int64).cast(pl.String), "int", gone.missing)
    return Labels(values, "float", gone.missing)


def _number_text(values: pl.Series) -> pl.Series:
    """Numbers as a person writes them: 3 rather than 3.0."""
    return values.cast(pl.String).str.replace(r"\.0$", "")


def _texts(series: pl.Series, untyped: bool, missing: Collection[str]) -> Labels:
    text = series.str.strip_chars()
    text = text.set((text == "").fill_null(value=False), None)
    tokens = {value.strip() for value in missing} | (MISSING_TOKENS if untyped else frozenset())
    labels = _drop_declared(text, "text", tokens)
    if not untyped:
        return labels
    return _typed(labels, tokens)


def _typed(labels: Labels, tokens: Collection[str]) -> Labels:
    """See what untyped labels stand for: numbers, whole numbers, booleans, or text."""
    bare = labels.values.set(labels.values.is_in(list(_NONE)).fill_null(value=False), None)
    filled = bare.drop_nulls()
    if not filled.len():
        return labels
    if filled.is_in(["True", "False", "TRUE", "FALSE", "true", "false"]).all():
        return Labels(labels.values.str.to_lowercase(), "bool", labels.missing)
    numbers = filled.cast(pl.Float64, strict=False)
    if numbers.null_count() or not numbers.is_finite().all():
        return labels
    without = _drop_declared(labels.values, "int", [*_NONE, *tokens])
    counts = {**labels.missing, **without.missing}
    if filled.str.contains(_INTEGER).all():
        return Labels(without.values, "int", counts)
    gaps = without.values.null_count() > 0
    if gaps and filled.str.contains(_INTEGRAL).all() and filled.n_unique() <= _FEW_CLASSES:
        return Labels(without.values.str.replace(r"\.0+$", ""), "int", counts)
    return Labels(without.values.cast(pl.Float64), "float", counts)


def task_of(labels: Labels, *, pair: bool) -> tuple[Task, str]:
    """Propose the task: numbers that are not whole, or too many to be classes, are a regression.

    Returns
    -------
    tuple[Task, str]
        The task, and the reason in a few words.
    """
    classes, regression = (
        (Task.PAIR_CLASSIFICATION, Task.PAIR_REGRESSION) if pair else (Task.CLASSIFICATION, Task.REGRESSION)
    )
    filled = labels.values.drop_nulls()
    distinct = filled.n_unique()
    if labels.kind == "float":
        return regression, f"the labels are {distinct} distinct decimal numbers"
    if labels.kind != "int":
        return classes, f"{distinct} classes"
    numbers = filled.cast(pl.Int64, strict=False)
    gapless = distinct and (numbers.max() or 0) - (numbers.min() or 0) + 1 == distinct  # type: ignore[operator]
    if distinct <= _FEW_CLASSES or (gapless and distinct <= _MOST_CLASSES and filled.len() >= 5 * distinct):
        return (
            classes,
            f"{distinct} distinct whole numbers; `--task {regression.value}` if they measure something",
        )
    return regression, f"{distinct} distinct whole numbers are too many to be classes"


def to_canonical(labels: Labels, task: Task, column: str) -> pl.Series:
    """Bring cleaned labels into the type of the task: Float64 for regression, String otherwise.

    Raises
    ------
    MappingError
        Regression is asked for, and labels are no numbers.
    """
    values = labels.values
    if not task.is_regression:
        return _number_text(values) if values.dtype == pl.Float64 else values.cast(pl.String)
    if labels.kind == "class":
        values = values.cast(pl.String)
    numbers = values.cast(pl.Float64, strict=False)
    wrong = values.filter(numbers.is_null() & values.is_not_null())
    if wrong.len():
        raise MappingError(
            f"Regression needs numbers, and the column {shown(column)} holds "
            f"{listed(wrong.unique().sort(), 5)}",
            consequence="nothing was read",
            next_step="leave `--task` out, name another `--label`, or declare these as `--missing-labels`",
        )
    return numbers
