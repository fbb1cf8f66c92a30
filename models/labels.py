"""Labels as numbers: contiguous class ids, regression targets, and groups with the same mix of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.tasks import Task

__all__ = ["Labels", "class_ids", "class_labels", "regression_target", "stratified_groups"]

Labels = Sequence[Any] | np.ndarray[Any, Any]
"""One label a row: anything with a stable ``str`` for classes, numbers for regression."""


def class_ids(labels: Labels) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Give the distinct labels numbers 0..c-1 in sorted order, without gaps.

    Counting classes as ``max + 1`` (as two reference implementations of LogME do) makes {0, 7} eight classes,
    six of them empty; here {0, 7} and {0, 1} are the same question.

    Parameters
    ----------
    labels
        n labels; each is taken as ``str(label)``.

    Returns
    -------
    classes
        The c distinct labels, sorted as text.
    ids
        int64 [n], the place of each row's label in ``classes``.

    Raises
    ------
    InputsError
        If a label is missing (None or NaN).
    """
    values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    # NaN is the one value that differs from itself; both it and None are "no label" and never a class.
    missing = sum(1 for value in values if value is None or value != value)
    if missing:
        raise InputsError(
            f"'labels' ({len(values)},): {missing} of {len(values)} labels are missing",
            consequence="nothing was computed",
            next_step="drop the rows without a label first; the quality gate does so",
        )
    distinct, ids = np.unique(np.array([str(value) for value in values], dtype=object), return_inverse=True)
    return tuple(str(name) for name in distinct), ids.astype(np.int64).reshape(-1)


def class_labels(labels: Labels) -> Labels:
    """Refuse what cannot be meant as classes: numbers with a fraction's type, negative codes, nested objects.

    A negative integer is how some libraries write "no label" (and how one-hot code picks the last class);
    a float is a measurement. Both would score, and mean nothing.

    Raises
    ------
    InputsError
        If a label is a float, a negative integer, or neither text, integer nor boolean.
    """
    array = labels if isinstance(labels, np.ndarray) else None
    n = len(labels)
    if array is not None and array.ndim != 1:
        raise _bad_classes(f"have shape {array.shape}", "pass one label a row, [n]")
    values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    present = [value for value in values if value is not None]
    if any(isinstance(value, float | np.floating) and value == value for value in present):
        raise _bad_classes(
            f"({n},) are floating-point numbers",
            "pass a regression task type, or the classes as integers or text",
        )
    kinds = {
        type(value).__name__
        for value in present
        if not isinstance(value, str | int | np.integer | np.bool_ | float | np.floating)
    }
    if kinds:
        raise _bad_classes(f"({n},) hold objects of type {', '.join(sorted(kinds))}", "pass text or integers")
    if any(not isinstance(value, str) and value < 0 for value in present):
        raise _bad_classes(
            f"({n},) hold negative numbers",
            "drop the rows if -1 means 'no label', else name the classes as text",
        )
    return labels


def _bad_classes(what: str, cure: str) -> InputsError:
    return InputsError(
        f"'labels' {what}, which is no class", consequence="nothing was computed", next_step=cure
    )


def regression_target(labels: Labels) -> NDArray[np.float64]:
    """Read n labels as float64 numbers.

    Raises
    ------
    InputsError
        If a label is no real number or not finite, or there is more than one a row.
    """
    n = len(labels)
    try:
        given = np.asarray(labels)
        # numpy would make numbers of dates, and drop the imaginary part of a complex number.
        y = np.array(labels, dtype=np.float64).reshape(-1) if given.dtype.kind not in "cmM" else None
    except (TypeError, ValueError) as error:
        raise _bad_numbers(f"({n},): regression labels must be numbers ({str(error)[:120]})") from error
    if y is None or y.size != n:
        raise _bad_numbers(
            f"{given.shape} of kind {given.dtype}: regression labels must be one real number a row"
        )
    bad = int(np.count_nonzero(~np.isfinite(y)))
    if bad:
        raise InputsError(
            f"'labels' ({n},): {bad} of {n} regression labels are not finite (NaN or Inf)",
            consequence="nothing was computed",
            next_step="drop those rows first; the quality gate does so",
        )
    return y


def _bad_numbers(what: str) -> InputsError:
    return InputsError(
        f"'labels' {what}",
        consequence="nothing was computed",
        next_step="pass numbers, or a classification task type",
    )


def stratified_groups(labels: Labels, task: Task, n_groups: int, seed: int) -> NDArray[np.int64]:
    """Deal the rows out to groups whose sizes differ by one at most, each with the same mix of labels.

    Rows are sorted by label (ties in a seeded random order), and each run of ``n_groups`` neighbours is dealt
    one to a group in a random order. So every class, and every stretch of a regression target, is spread
    evenly.

    Parameters
    ----------
    labels
        n labels.
    task
        Says whether they are classes or numbers.
    n_groups
        From 2 to n.
    seed
        Same labels and seed, same groups.

    Returns
    -------
    numpy.ndarray
        int64 [n], values 0..n_groups-1, none of them empty.

    Raises
    ------
    InputsError
        If there are fewer rows than groups, or fewer than two groups are asked for.
    """
    rank = regression_target(labels) if task.is_regression else class_ids(labels)[1]
    n = rank.size
    if not 2 <= n_groups <= n:
        raise InputsError(
            f"{n} rows cannot be dealt out to {n_groups} groups",
            consequence="nothing was computed",
            next_step="ask for at least 2 groups and at most one per row",
        )
    generator = np.random.default_rng(seed)
    order = np.lexsort((generator.random(n), rank))
    runs = -(-n // n_groups)
    dealt = generator.permuted(np.tile(np.arange(n_groups), (runs, 1)), axis=1).reshape(-1)
    # The last, short run takes only the groups 0..rest-1, so that no group is two rows ahead of another.
    rest = n - (runs - 1) * n_groups
    dealt[(runs - 1) * n_groups : n] = generator.permutation(rest)
    groups = np.empty(n, dtype=np.int64)
    groups[order] = dealt[:n]
    return groups
