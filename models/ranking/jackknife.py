"""Standard errors by deleting groups of target rows.

The delete-a-group jackknife (Shao, Tu, "The Jackknife and Bootstrap", 1995, section 2.3; Kott 2001). Two
sources scored on the same target share its rows, so their difference is far less noisy than either score:
deleting the same groups for all sources lets the paired difference show that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError
from models.labels import stratified_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["jackknife_groups", "jackknife_stderr", "paired_stderr"]


def jackknife_groups(labels: Labels, task: Task, n_groups: int = 10, seed: int = 0) -> NDArray[np.int64]:
    """Deal target rows out to groups with the same mix of labels, sizes differing by one at most.

    Parameters
    ----------
    labels
        n labels of the target.
    task
        Says whether they are classes or numbers.
    n_groups
        g, from 2 to n.
    seed
        Same labels and seed, same groups.

    Returns
    -------
    numpy.ndarray
        int64 [n] in 0..g-1.

    Raises
    ------
    ScoringError
        If there are fewer rows than groups.
    """
    return stratified_groups(labels, task, n_groups, seed)


def jackknife_stderr(replicates: ArrayLike) -> float:
    """Compute a score's standard error from its g replicates: ``sqrt((g - 1) / g * sum((r - mean r)^2))``.

    Parameters
    ----------
    replicates
        [g], the score with each of g groups of (nearly) equal size deleted.

    Raises
    ------
    ScoringError
        If there are fewer than two, or one is not finite.
    """
    r = np.asarray(replicates, dtype=np.float64)
    if r.ndim != 1 or r.size < 2 or not np.isfinite(r).all():
        raise _refuse(f"{r.size} replicates of shape {r.shape}, or some are not finite")
    return float(np.sqrt((r.size - 1) / r.size * np.sum(np.square(r - r.mean()))))


def paired_stderr(replicates_a: ArrayLike, replicates_b: ArrayLike) -> float:
    """Compute the standard error of the difference of two scores whose replicates deleted the same groups.

    Raises
    ------
    ScoringError
        If the replicates are not of the same groups, as far as their number tells.
    """
    a: NDArray[Any] = np.asarray(replicates_a, dtype=np.float64)
    b: NDArray[Any] = np.asarray(replicates_b, dtype=np.float64)
    if a.shape != b.shape:
        raise _refuse(f"replicates of shapes {a.shape} and {b.shape} do not pair up")
    return jackknife_stderr(a - b)


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        f"no standard error can be computed: {what}",
        consequence="no ranking was stored",
        next_step="`springboard refresh --force` scores the target anew",
    )
