"""A score with its jackknife replicates, for any scorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.ranking.logme_jackknife import logme_jackknife
from models.scorers.needs import ROWWISE, Need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.scorers.scorer import Scorer
    from models.tasks import Task

__all__ = ["score_with_replicates"]


def score_with_replicates(
    scorer: Scorer,
    features: NDArray[Any] | None,
    labels: Labels,
    task: Task,
    groups: NDArray[np.integer[Any]],
    *,
    given: Mapping[Need, Any] | None = None,
    **settings: Any,
) -> tuple[float, NDArray[np.float64]]:
    """Score a target, and once more with each group of its rows deleted.

    LogME has a way of its own (:func:`~models.ranking.logme_jackknife.logme_jackknife`); every other scorer is
    computed anew without the group.

    Parameters
    ----------
    scorer
        From the registry.
    features, labels, task, given, settings
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
    if scorer.name in ("logme", "logme@tuned") and features is not None:
        return logme_jackknife(features, labels, task, groups, **settings)
    supplied = dict(given or {})
    every = np.asarray(labels, dtype=object)
    replicates = []
    for group in range(int(groups.max()) + 1):
        kept = groups != group
        part = {need: value[kept] if need in ROWWISE else value for need, value in supplied.items()}
        rows = None if features is None else features[kept]
        replicates.append(scorer.score(rows, every[kept].tolist(), task, given=part, **settings))
    return scorer.score(features, labels, task, given=supplied, **settings), np.array(replicates)
