"""A score with its jackknife replicates, for any scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.ranking.logme_jackknife import logme_jackknife

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.scorers.scorer import Scorer
    from models.tasks import Task

__all__ = ["score_with_replicates"]


def score_with_replicates(
    scorer: Scorer,
    features: NDArray[Any],
    labels: Labels,
    task: Task,
    groups: NDArray[np.integer[Any]],
    **settings: Any,
) -> tuple[float, NDArray[np.float64]]:
    """Score a target, and once more with each group of its rows deleted.

    LogME has a way of its own (:func:`~models.ranking.logme_jackknife.logme_jackknife`); every other scorer is
    computed anew without the group.

    Parameters
    ----------
    scorer
        From the registry.
    features, labels, task, settings
        As for :meth:`models.scorers.scorer.Scorer.score`.
    groups
        int [n] in 0..g-1, from :func:`models.ranking.jackknife_groups`.

    Returns
    -------
    score
        The score on all rows.
    replicates
        float64 [g].

    Raises
    ------
    ScoringError
        If the target, or the target without one of the groups, cannot be scored.
    """
    if scorer.name == "logme":
        return logme_jackknife(features, labels, task, groups, **settings)
    kept_labels = np.asarray(labels, dtype=object)
    replicates = [
        scorer.score(features[groups != group], kept_labels[groups != group].tolist(), task, **settings)
        for group in range(int(groups.max()) + 1)
    ]
    return scorer.score(features, labels, task, **settings), np.array(replicates)
