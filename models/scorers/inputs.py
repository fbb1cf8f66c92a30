"""What every scorer is given, checked once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError
from models.labels import class_ids, regression_target

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["Inputs", "check_inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Checked inputs of a scorer; arrays are the scorer's to read, never to write.

    Attributes
    ----------
    features
        float64 [n, d], finite, not all rows alike.
    target
        int64 [n] contiguous class ids, or float64 [n] numbers.
    classes
        The c labels in the order of their ids; empty for regression.
    task
        The task type.
    given
        Whatever else the scorer said it needs, by name.
    """

    features: NDArray[np.float64]
    target: NDArray[Any]
    classes: tuple[str, ...]
    task: Task
    given: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def one_hot(self) -> NDArray[np.float64]:
        """Classes as indicator columns, float64 [n, c]; for regression the target as its only column."""
        if not self.classes:
            return np.asarray(self.target, dtype=np.float64)[:, None]
        return np.asarray(self.target[:, None] == np.arange(len(self.classes)), dtype=np.float64)


def check_inputs(
    features: ArrayLike, labels: Labels, task: Task, given: Mapping[str, NDArray[Any]] | None = None
) -> Inputs:
    """Check features and labels, and bring them into the one form that scorers read.

    Raises
    ------
    ScoringError
        Shapes that disagree, fewer than two rows, numbers that are not finite, features that are the same in
        every row, a single class, or a constant regression target.
    """
    x = np.asarray(features)
    if x.ndim != 2 or x.shape[0] != len(labels) or x.shape[0] < 2 or x.shape[1] < 1:
        raise _refuse(f"features of shape {x.shape} with {len(labels)} labels")
    x = x.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(x).all(axis=1)))
    if bad:
        raise _refuse(f"features are not finite in {bad} of {x.shape[0]} rows")
    if (x == x[0]).all():
        raise _refuse("features are the same in every row")
    x.setflags(write=False)
    if task.is_regression:
        y = regression_target(labels)
        if (y == y[0]).all():
            raise _refuse("every row has the same label")
        return Inputs(x, y, (), task, given or {})
    classes, ids = class_ids(labels)
    if len(classes) < 2:
        raise _refuse("every row has the same label")
    return Inputs(x, ids, classes, task, given or {})


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        f"this cannot be scored: {what}",
        consequence="no score was stored",
        next_step="check the dataset's columns and `springboard list quarantine`",
    )
