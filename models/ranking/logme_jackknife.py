"""LogME with its jackknife replicates, at far less than one full computation a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError
from models.evidence.profile import Spectrum, blurred
from models.scorers.fit.logme import logme_from_spectrum, logme_targets
from models.scorers.inputs import ALIKE, check_inputs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["alike", "checked_groups", "logme_jackknife", "present"]


def logme_jackknife(
    features: ArrayLike,
    labels: Labels,
    task: Task,
    groups: NDArray[np.integer[Any]],
    *,
    center: bool = False,
) -> tuple[float, NDArray[np.float64]]:
    """Score by LogME, and once more with each group of rows deleted.

    Deleting a group subtracts its part of F'F (or, with fewer rows than dimensions, cuts its rows out
    of FF'). The scale of a regression target stays that of all rows. A class that lay wholly in the deleted
    group is left out of that replicate's average; stratified groups do that only to classes of a single row.

    Parameters
    ----------
    features, labels, task, center
        As for :func:`models.scorers.fit.logme`.
    groups
        int [n] in 0..g-1, none empty, from :func:`models.ranking.jackknife_groups`.

    Returns
    -------
    score
        The same number as :func:`models.scorers.fit.logme` gives.
    replicates
        float64 [g].

    Raises
    ------
    ScoringError
        If the inputs cannot be scored, the groups do not fit them, or without one all features are alike.
    """
    inputs = check_inputs(features, labels, task)
    x, y = inputs.features, logme_targets(inputs)
    place = np.asarray(groups)
    n, d = x.shape
    count = checked_groups(place, n)
    masks = [np.ones(n, dtype=bool), *(place != group for group in range(count))]
    for group, kept in enumerate(masks[1:]):
        if alike(x[kept]):
            raise ScoringError(
                f"without jackknife group {group}, 'features' {x.shape} are the same in every row",
                consequence="no score was stored",
                next_step="make groups with jackknife_groups, or check that the texts differ",
            )
    if center:
        # About the overall means first, so that the means taken off below are small and cost no digits.
        x = _centred(x)
    scores = _by_kernel(x, y, masks, center) if n - center < d else _by_gram(x, y, masks, center)
    return float(scores[0]), scores[1:]


def checked_groups(groups: NDArray[np.integer[Any]], n: int) -> int:
    """Count the groups that n rows were dealt out to.

    Raises
    ------
    ScoringError
        If they are not n numbers from 0, or one of them is empty.
    """
    place = np.asarray(groups)
    counts = np.bincount(place) if place.shape == (n,) and place.min() >= 0 else np.zeros(0)
    if counts.size < 2 or not counts.all():
        raise ScoringError(
            f"jackknife groups of shape {place.shape} do not fit {n} rows, or one is empty",
            consequence="no score was stored",
            next_step="make them with jackknife_groups",
        )
    return int(counts.size)


def alike(rows: NDArray[np.float64]) -> bool:
    """Whether rows differ by rounding alone."""
    return bool(np.abs(rows - rows[0]).max() <= ALIKE * np.abs(rows[0]).max())


def _by_kernel(
    x: NDArray[np.float64], y: NDArray[np.float64], masks: list[NDArray[np.bool_]], center: bool
) -> NDArray[np.float64]:
    kernel = x @ x.T
    scores = []
    for kept in masks:
        part, targets, n = kernel[np.ix_(kept, kept)], present(y[kept], center), int(kept.sum())
        if center:
            part = part - part.mean(axis=0) - part.mean(axis=1)[:, None] + part.mean()
            targets, n = _centred(targets), n - 1
        spectrum = Spectrum.of_kernel(part, targets, x.shape[1])
        if blurred(spectrum.s):
            spectrum = Spectrum.of_rows(_centred(x[kept]) if center else x[kept], targets)
        scores.append(logme_from_spectrum(spectrum, n, x.shape[1]))
    return np.array(scores)


def _by_gram(
    x: NDArray[np.float64], y: NDArray[np.float64], masks: list[NDArray[np.bool_]], center: bool
) -> NDArray[np.float64]:
    gram = x.T @ x
    scores = []
    for kept in masks:
        out, targets, n = x[~kept], present(y[kept], center), int(kept.sum())
        part = gram - out.T @ out
        if center:
            mean = x[kept].mean(axis=0)
            part = part - n * np.outer(mean, mean)
            targets, n = _centred(targets), n - 1
        # Centred targets sum to zero, so it does not matter to this product that the features' means remain.
        spectrum = Spectrum.of_gram(part, x[kept].T @ targets, np.square(targets).sum(axis=0), n)
        if spectrum.blurred:
            spectrum = Spectrum.of_rows(_centred(x[kept]) if center else x[kept], targets)
        scores.append(logme_from_spectrum(spectrum, n, x.shape[1]))
    return np.array(scores)


def _centred(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows - rows.mean(axis=0), dtype=np.float64)


def present(targets: NDArray[np.float64], center: bool) -> NDArray[np.float64]:
    """Drop the columns of classes without a row (with an intercept: of targets that do not vary)."""
    nothing = targets[0] if center else 0.0
    return targets[:, (targets != nothing).any(axis=0)]
