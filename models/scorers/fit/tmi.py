"""TMI: how much room the features leave within classes, as the entropy of the features given the class.

Xu, Kang, "Fast and Accurate Transferability Measurement by Evaluating Intra-class Feature Variance", ICCV
2023: H(F | Y), the classes' entropies weighted by their shares, each estimated from distances to the k-th
nearest neighbour (Kozachenko, Leonenko 1987), in nats. The paper's claim is that *more* variance within
classes means better transfer, so higher is better.

    H(F | y) = psi(n_y) - psi(k) + log V_d + d * mean(log distance to the k-th neighbour in the class)

with V_d the volume of the unit ball. Scaling all features by s adds d log s; a shift or a rotation changes
nothing.

Decisions (the paper's k could not be looked up; 3 is ours). A row that is there twice counts once in its
class's entropy: at distance 0 the estimate would be minus infinity, and a continuous variable does not
repeat. The share of a class counts all its rows. k shrinks to what a small class has; a class with a single
distinct row has no entropy to estimate and is left out, the other shares being scaled to sum to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]

BLOCK = 512
"""Rows whose distances are held at a time."""


def _tmi(inputs: Inputs, *, k: int) -> float:
    if k < 1:
        raise SettingsError(
            f"scorer tmi: k is {k}", consequence="nothing was scored", next_step="give k of at least 1"
        )
    # What lies closer than this is one text embedded twice, told apart by rounding alone.
    same = 1e-9 * float(np.sqrt(inputs.features.var(axis=0).sum()))
    weights, entropies = [], []
    for number in range(len(inputs.classes)):
        rows = inputs.features[inputs.target == number]
        entropy = _entropy(rows, k, same)
        if entropy is not None:
            weights.append(len(rows))
            entropies.append(entropy)
    if not weights:
        raise ScoringError(
            f"scorer tmi: none of the {len(inputs.classes)} classes has two different rows",
            consequence="no score was stored",
            next_step="give more rows a class",
        )
    return float(np.average(entropies, weights=weights))


def _entropy(rows: NDArray[np.float64], k: int, same: float) -> float | None:
    """Entropy in nats from n rows [n, d]; None with fewer than two different ones."""
    from scipy.special import digamma, gammaln

    distances, repeated = _neighbours(rows, k, same)
    if repeated.any():
        rows = rows[~repeated]
        distances, _ = _neighbours(rows, k, same)
    n, d = rows.shape
    if n < 2:
        return None
    ball = d / 2 * np.log(np.pi) - gammaln(d / 2 + 1)
    return float(digamma(n) - digamma(min(k, n - 1)) + ball + d * np.log(distances).mean())


def _neighbours(
    rows: NDArray[np.float64], k: int, same: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each row's distance to its k-th neighbour (the last one, if there are fewer), and what repeats an earlier row."""
    from scipy.spatial.distance import cdist

    n = len(rows)
    kth, repeated = np.zeros(n), np.zeros(n, dtype=bool)
    for start in range(0, n, BLOCK):
        block = slice(start, min(start + BLOCK, n))
        distances = cdist(rows[block], rows)
        earlier = np.arange(n) < np.arange(block.start, block.stop)[:, None]
        repeated[block] = ((distances <= same) & earlier).any(axis=1)
        # The nearest of all is the row itself.
        kth[block] = np.partition(distances, min(k, n - 1), axis=1)[:, min(k, n - 1)]
    return kth, repeated


SCORER = Scorer(
    name="tmi",
    title="Entropy of the features within classes",
    paper="Xu, Kang, 'Transferability Measurement by Evaluating Intra-class Feature Variance' (TMI), ICCV 2023",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_tmi,
    defaults={"k": 3},
    cost="moderate",
)
