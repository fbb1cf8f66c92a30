"""H-score with a shrunk covariance, which stays useful with fewer rows than dimensions.

Ibrahim, Ponomareva, Mazumder, "Newer is not always better: Rethinking transferability metrics, their
peculiarities, stability and performance", ECML PKDD 2022:

    tr(cov_a(f)^-1 (1 - a) cov(E[f|Y]))    with    cov_a(f) = (1 - a) cov(f) + a tr(cov(f)) / d * I

and a the intensity of Ledoit and Wolf (2004), from scikit-learn. Rotation, shift and one common scale of the
features leave it alone; other linear maps do not.

Decision: both covariances divide by n, so that a = 0 gives ``hscore``. tllib and transformer-ranker divide the
first by n and the second by n - 1: their numbers are n / (n - 1) times ours, the same ranking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.scorers.fit.between import between_shares
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _hscore_shrunk(inputs: Inputs) -> float:
    from sklearn.covariance import ledoit_wolf_shrinkage

    variances, shares = between_shares(inputs)
    # Scaled and centred first: the estimate takes fourth powers, and a mean far from 0 would swallow them.
    centred = inputs.features - inputs.features.mean(axis=0)
    intensity = float(ledoit_wolf_shrinkage(centred / np.abs(centred).max(), assume_centered=True))
    kept = (1 - intensity) * variances
    ridge = intensity * variances.sum() / centred.shape[1]
    # The class means lie in the span of the features, so directions without variance add nothing.
    return float((shares * kept / (kept + ridge)).sum())


SCORER = Scorer(
    name="hscore_shrunk",
    title="H-score, shrunk covariance",
    paper="Ibrahim, Ponomareva, Mazumder, 'Newer is not always better', ECML PKDD 2022",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_hscore_shrunk,
    cost="cheap",
)
