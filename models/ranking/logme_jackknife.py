"""LogME with its jackknife replicates, at far less than one full computation a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError
from models.scorers.inputs import check_inputs
from models.scorers.logme import logme_from_gram, logme_from_kernel, logme_targets

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["logme_jackknife"]


def logme_jackknife(
    features: ArrayLike,
    labels: Labels,
    task: Task,
    groups: NDArray[np.integer[Any]],
    *,
    center: bool = False,
) -> tuple[float, NDArray[np.float64]]:
    """Score by LogME, and once more with each group of rows deleted.

    Deleting a group subtracts its part of F'F and F'Y (or, with fewer rows than dimensions, cuts its rows out
    of FF'). The scale of a regression target stays that of all rows. A class that lay wholly in the deleted
    group is left out of that replicate's average; stratified groups do that only to classes of a single row.

    Parameters
    ----------
    features, labels, task, center
        As for :func:`models.scorers.logme`.
    groups
        int [n] in 0..g-1, none empty, from :func:`models.ranking.jackknife_groups`.

    Returns
    -------
    score
        The same number as :func:`models.scorers.logme` gives.
    replicates
        float64 [g].

    Raises
    ------
    ScoringError
        If the inputs cannot be scored, or the groups do not fit them.
    """
    inputs = check_inputs(features, labels, task)
    x, y = inputs.features, logme_targets(inputs)
    place = np.asarray(groups)
    n, d = x.shape
    counts = np.bincount(place) if place.shape == (n,) and place.min() >= 0 else np.zeros(0)
    if counts.size < 2 or not counts.all():
        raise ScoringError(
            f"jackknife groups of shape {place.shape} do not fit {n} rows, or one is empty",
            consequence="no score was stored",
            next_step="make them with jackknife_groups",
        )
    masks = [np.ones(n, dtype=bool), *(place != group for group in range(counts.size))]
    scores = _by_kernel(x, y, masks, center) if n < d else _by_gram(x, y, masks, center)
    return float(scores[0]), scores[1:]


def _by_kernel(
    x: NDArray[np.float64], y: NDArray[np.float64], masks: list[NDArray[np.bool_]], center: bool
) -> NDArray[np.float64]:
    kernel = x @ x.T
    scores = []
    for kept in masks:
        part, targets = kernel[np.ix_(kept, kept)], y[kept]
        if center:
            part = part - part.mean(axis=0) - part.mean(axis=1)[:, None] + part.mean()
            targets = targets - targets.mean(axis=0)
        scores.append(logme_from_kernel(part, targets, x.shape[1]))
    return np.array(scores)


def _by_gram(
    x: NDArray[np.float64], y: NDArray[np.float64], masks: list[NDArray[np.bool_]], center: bool
) -> NDArray[np.float64]:
    if center:
        # About the overall means first, so that the means taken off below are small and cost no digits.
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    gram, cross, yy = x.T @ x, x.T @ y, np.square(y).sum(axis=0)
    scores = []
    for kept in masks:
        out_x, out_y, n = x[~kept], y[~kept], int(kept.sum())
        part, part_cross = gram - out_x.T @ out_x, cross - out_x.T @ out_y
        part_yy = np.square(y[kept]).sum(axis=0) if out_x.size else yy
        if center:
            mean_x, mean_y = x[kept].mean(axis=0), y[kept].mean(axis=0)
            part = part - n * np.outer(mean_x, mean_x)
            part_cross = part_cross - n * np.outer(mean_x, mean_y)
            part_yy = part_yy - n * np.square(mean_y)
        scores.append(logme_from_gram(part, part_cross, part_yy, n))
    return np.array(scores)
