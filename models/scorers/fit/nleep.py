"""N-LEEP: LEEP with the components of a Gaussian mixture in place of the source's classes.

Li et al., "Ranking Neural Checkpoints", CVPR 2021. The features are reduced to the principal components that
hold 80% of their variance, a mixture of 5 Gaussians a class is fitted without labels, and its posterior P(v|x)
takes the place of the source head in LEEP: the mean over rows of ``log sum_v P(y|v) P(v|x)``, with P(y|v) the
share of class y in the posterior mass of v. 0 is best. (A widely used implementation leaves the log out; that
is the mean probability, another number.) Classes only.

Decisions. The paper leaves the covariances open; ``diag`` is the default, since a class of a small target has too
few rows for full ones (``full``, ``tied`` and ``spherical`` can be asked for). No more components than half the
rows: one component a row would score 0 whatever the features. Principal components are divided by one common
scale, so that the mixture's floor of 1e-6 under variances means the same for every source. Label names, an added
constant, one common scale and rotation leave the score alone; the start of the mixture is drawn by ``seed``, and
follows the order of the rows.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "log_expected_prediction"]

COVARIANCES = ("full", "tied", "diag", "spherical")


def _nleep(
    inputs: Inputs, *, components_per_class: int, covariance: str, seed: int, variance_kept: float
) -> float:
    if covariance not in COVARIANCES or components_per_class < 1 or not 0 < variance_kept <= 1:
        raise SettingsError(
            f"nleep takes covariance from {', '.join(COVARIANCES)}, components_per_class >= 1 and variance_kept "
            f"in (0, 1], not {covariance!r}, {components_per_class} and {variance_kept}",
            consequence="nothing was scored",
            next_step="leave a setting out for its default",
        )
    components = min(components_per_class * len(inputs.classes), len(inputs.target) // 2)
    reduced = _reduced(inputs.features, variance_kept)
    return log_expected_prediction(_posterior(reduced, components, covariance, seed), inputs.one_hot)


def log_expected_prediction(posterior: NDArray[np.float64], one_hot: NDArray[np.float64]) -> float:
    """LEEP of soft assignments: mean over rows of ``log sum_v P(y|v) P(v|x)``, in nats.

    Parameters
    ----------
    posterior
        float64 [n, v], rows sum to 1.
    one_hot
        float64 [n, c], class indicators.
    """
    mass = posterior.sum(axis=0)
    used = mass > 0
    given = posterior[:, used].T @ one_hot / mass[used, None]
    return float(np.log(((posterior[:, used] @ given) * one_hot).sum(axis=1)).mean())


def _reduced(x: NDArray[np.float64], variance_kept: float) -> NDArray[np.float64]:
    """Leading principal components [n, k] of x [n, d], k the fewest that hold the share of variance asked for."""
    n, d = x.shape
    centred = x - x.mean(axis=0)
    s, axes = np.linalg.eigh(centred @ centred.T if n < d else centred.T @ centred)
    s, axes = np.maximum(s[::-1], 0.0), axes[:, ::-1]
    # A hair less than the share asked for: rounding must not add a component when the sum just reaches it.
    k = int(np.searchsorted(np.cumsum(s), variance_kept * (1 - 1e-9) * s.sum())) + 1
    reduced = axes[:, :k] * np.sqrt(s[:k]) if n < d else centred @ axes[:, :k]
    return np.asarray(reduced / np.sqrt(s.sum() / n / k))


def _posterior(x: NDArray[np.float64], components: int, covariance: str, seed: int) -> NDArray[np.float64]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(components, covariance_type=covariance, random_state=seed)
    with warnings.catch_warnings():
        # A mixture stopped at 100 steps is a mixture still, as in the paper; equal rows leave components empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            return np.asarray(mixture.fit(x).predict_proba(x), dtype=np.float64)
        except ValueError as error:
            raise ScoringError(
                f"nleep: no mixture of {components} Gaussians fits {x.shape} features ({str(error)[:120]})",
                consequence="no score was stored",
                next_step="ask for fewer components_per_class or covariance diag",
            ) from error


SCORER = Scorer(
    name="nleep",
    title="N-LEEP",
    paper="Li et al., 'Ranking Neural Checkpoints', CVPR 2021",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_nleep,
    defaults={"components_per_class": 5, "covariance": "diag", "seed": 0, "variance_kept": 0.8},
    cost="moderate",
)
