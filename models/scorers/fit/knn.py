"""k nearest neighbours, each row judged by the others: accuracy for classes, R2 for numbers.

As a transferability score: Puigcerver et al., "Scalable Transfer Learning with Expert Models", ICLR 2021 (k = 1);
Renggli et al., "Which Model to Transfer? Finding the Needle in the Growing Haystack", CVPR 2022. Leave-one-out: a
row is never its own neighbour. For numbers the prediction is the mean of the neighbours' and the score is
``1 - squared error / variance``: no units, 1 is best, below 0 is worse than the mean of all rows.

Decisions. Of classes with equally many votes none is preferred: each takes an equal share of the hit, so that
neither label names nor class order matter. ``metric`` is ``euclidean`` (an added constant, one common scale and
rotation change nothing) or ``cosine`` (each row's length does not count; an added constant does). With no more
than k rows all others are neighbours. A row that occurs twice finds its twin: leave-one-out praises doubled rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _knn(inputs: Inputs, *, k: int, metric: str) -> float:
    if k < 1 or metric not in ("euclidean", "cosine"):
        raise SettingsError(
            f"knn takes k >= 1 and metric 'euclidean' or 'cosine', not {k} and {metric!r}",
            consequence="nothing was scored",
            next_step="leave a setting out for its default",
        )
    near = inputs.one_hot[_neighbours(inputs.features, min(k, len(inputs.features) - 1), metric)]
    if inputs.classes:
        votes = near.sum(axis=1)
        winners = votes == votes.max(axis=1, keepdims=True)
        return float(((winners * inputs.one_hot).sum(axis=1) / winners.sum(axis=1)).mean())
    errors = inputs.target - near.mean(axis=1)[:, 0]
    return float(1 - np.square(errors).mean() / np.var(inputs.target))


def _neighbours(x: NDArray[np.float64], k: int, metric: str) -> NDArray[np.int64]:
    """Places [n, k] of each row's nearest other rows."""
    from sklearn.neighbors import NearestNeighbors

    centred = x - x.mean(axis=0) if metric == "euclidean" else x
    found = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(centred)
    return np.asarray(found.kneighbors(return_distance=False), dtype=np.int64)


SCORER = Scorer(
    name="knn",
    title="k nearest neighbours, leave-one-out",
    paper="Puigcerver et al., 'Scalable Transfer Learning with Expert Models', ICLR 2021; Renggli et al., CVPR 2022",
    tasks=frozenset(Task),
    compute=_knn,
    defaults={"k": 5, "metric": "euclidean"},
    cost="cheap",
)
