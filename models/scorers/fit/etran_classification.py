"""ETran's classification score: how sure linear discriminant analysis is of the right class.

Gholami, Akbari, Wang, Kamranian, Zhang, "ETran: Energy-Based Transferability Estimation", ICCV 2023: classes
are taken as Gaussians with one covariance, and each row is scored by the posterior of its own class.
Projecting on the c - 1 discriminant directions first, as the paper does, leaves that posterior as it is, so
it is computed from the shared covariance directly.

Decisions (whether the paper takes the logarithm, and how it inverts, could not be looked up). The score is
the mean *log* posterior of the right class (at most 0); ``log=False`` gives the mean posterior, which
saturates at 1 with few rows and many dimensions. With n near or below d the within-class covariance cannot be
inverted, so it is shrunk towards a multiple of the identity; ``shrinkage`` is a share in [0, 1], or -1 for
the share of Ledoit and Wolf (2004).
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

LEDOIT_WOLF = -1.0
"""The ``shrinkage`` that stands for "as the data says"."""


def _etran_classification(inputs: Inputs, *, shrinkage: float, log: bool) -> float:
    from scipy.special import log_softmax

    if not (shrinkage == LEDOIT_WOLF or 0 <= shrinkage <= 1):
        raise SettingsError(
            f"scorer etran_classification: shrinkage is {shrinkage}",
            consequence="nothing was scored",
            next_step="give a share from 0 to 1, or -1 for that of Ledoit and Wolf",
        )
    counts = inputs.one_hot.sum(axis=0)
    x = inputs.features - inputs.features.mean(axis=0)
    means = inputs.one_hot.T @ x / counts[:, None]
    residuals = x - means[inputs.target]
    if np.square(residuals).sum() <= 1e-24 * np.square(x).sum():
        raise _refuse(f"within each class all rows of the features {x.shape} are alike")
    directions = _solve(_covariance(residuals, shrinkage), means)
    logits = x @ directions.T - (means * directions).sum(axis=1) / 2 + np.log(counts / len(x))
    own = log_softmax(logits, axis=1)[np.arange(len(x)), inputs.target]
    return float(np.mean(own if log else np.exp(own)))


def _covariance(residuals: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """Shrunk covariance [d, d] of rows less their class mean."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    n, d = residuals.shape
    within = residuals.T @ residuals / n
    mean = float(np.trace(within)) / d
    # Scaled to unit variance first: the estimate divides by fourth powers, which tiny features would lose.
    share = (
        float(ledoit_wolf_shrinkage(residuals / np.sqrt(mean), assume_centered=True))
        if shrinkage == LEDOIT_WOLF
        else shrinkage
    )
    return np.asarray((1 - share) * within + share * mean * np.eye(d))


def _solve(covariance: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of means times the inverse covariance, [c, d]."""
    from scipy.linalg import cho_solve

    try:
        lower = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        lower = np.zeros((1, 1))
    if np.square(np.diagonal(lower)).min() <= 1e-12 * np.diagonal(covariance).max():
        raise _refuse(f"the covariance {covariance.shape} within classes cannot be inverted")
    return np.asarray(cho_solve((lower, True), means.T).T)


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        f"scorer etran_classification: {what}",
        consequence="no score was stored",
        next_step="give more rows a class, or a shrinkage above 0",
    )


SCORER = Scorer(
    name="etran_classification",
    title="ETran: posterior of the right class by LDA",
    paper="Gholami et al., 'ETran: Energy-Based Transferability Estimation', ICCV 2023",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_etran_classification,
    defaults={"shrinkage": LEDOIT_WOLF, "log": True},
    cost="cheap",
)
