"""What every scorer is given, checked once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import InputsError
from models.labels import class_ids, class_labels, regression_target
from models.scorers.needs import ROWWISE, Need

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["Inputs", "check_inputs"]

LARGEST = 1e100
"""Scorers square and sum: beyond this, finite numbers would become infinite on the way."""

ALIKE = 1e-12
"""Rows that differ by less than this share of the largest number differ by rounding alone."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked inputs of a scorer; arrays are the scorer's to read, never to write.

    Attributes
    ----------
    features
        float64 [n, d], finite, not all rows alike; [n, 0] for a scorer that does not ask for features.
    target
        int64 [n] contiguous class ids, or float64 [n] numbers.
    classes
        The c labels in the order of their ids; empty for regression.
    task
        The task type.
    given
        Whatever else the scorer said it needs.
    """

    features: NDArray[np.float64]
    target: NDArray[Any]
    classes: tuple[str, ...]
    task: Task
    given: Mapping[Need, Any] = field(default_factory=dict)

    @property
    def one_hot(self) -> NDArray[np.float64]:
        """Classes as indicator columns, float64 [n, c]; for regression the target as its only column."""
        if not self.classes:
            return np.asarray(self.target, dtype=np.float64)[:, None]
        return np.asarray(self.target[:, None] == np.arange(len(self.classes)), dtype=np.float64)


def check_inputs(
    features: ArrayLike | None, labels: Labels, task: Task, given: Mapping[Need, Any] | None = None
) -> Inputs:
    """Check features and labels, and bring them into the one form that scorers read.

    Parameters
    ----------
    features
        [n, d] of any real kind; None for a scorer that does not ask for them.
    labels
        n classes (text, integers from 0, or booleans) or numbers.
    task
        Says which.
    given
        Further needs; those with a row a target row are checked like the features.

    Raises
    ------
    InputsError
        An array of the wrong shape or length, numbers that are not finite or too large to be squared, fewer
        than two rows, features that are the same in every row but for rounding, a single class, labels that are
        no classes, or a constant regression target.
        It names the array, its shape and the cure.
    """
    supplied = dict(given or {})
    n = len(labels)
    x = np.zeros((n, 0)) if features is None else _rows(Need.FEATURES, features, n)
    if features is not None and np.abs(x - x[0]).max() <= ALIKE * np.abs(x[0]).max():
        raise _refuse(
            f"'features' {x.shape} are the same in every row",
            "check that the texts differ and the encoder is right",
        )
    for need in ROWWISE & set(supplied) - {Need.FEATURES}:
        supplied[need] = _rows(need, supplied[need], n)
    if task.is_regression:
        y = regression_target(labels)
        if np.abs(y).max(initial=0.0) > LARGEST:
            raise _refuse(f"'labels' ({n},) hold numbers beyond {LARGEST:g}", "give them in another unit")
        if (y == y[0]).all():
            raise _one_label(n)
        return Inputs(x, y, (), task, supplied)
    classes, ids = class_ids(class_labels(labels))
    if len(classes) < 2:
        raise _one_label(n)
    return Inputs(x, ids, classes, task, supplied)


def _rows(need: Need, array: ArrayLike, n: int) -> NDArray[np.float64]:
    """Check one array of n rows; float64, read-only."""
    try:
        x = np.asarray(array)
    except ValueError as error:
        raise _refuse(
            f"'{need}' have rows of different lengths ({str(error)[:120]})", "pass a float array [n, d]"
        ) from error
    if x.dtype.kind not in "fiub":
        raise _refuse(
            f"'{need}' {x.shape} are of kind {x.dtype}, not real numbers", "pass a float array [n, d]"
        )
    if x.ndim != 2 or x.shape[0] != n or n < 2 or x.shape[1] < 1:
        raise _refuse(
            f"'{need}' of shape {x.shape} do not go with {n} labels",
            "pass [n, d] with n >= 2 and one label a row",
        )
    x = x.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(x).all(axis=1)))
    if bad:
        raise _refuse(
            f"'{need}' {x.shape} are not finite (NaN or Inf) in {bad} of {n} rows",
            "drop those rows, or make the embeddings anew",
        )
    if np.abs(x).max() > LARGEST:
        raise _refuse(
            f"'{need}' {x.shape} hold numbers beyond {LARGEST:g}, whose squares are infinite",
            "check the encoder, or the map that made them",
        )
    x.setflags(write=False)
    return x


def _one_label(n: int) -> InputsError:
    return _refuse(f"'labels' ({n},): every row has the same label", "a target needs two classes or values")


def _refuse(what: str, cure: str) -> InputsError:
    return InputsError(f"this cannot be scored: {what}", consequence="no score was stored", next_step=cure)
