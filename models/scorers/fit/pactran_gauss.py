"""PACTran-Gauss: a PAC-Bayesian bound on the loss of a softmax classifier on the features; lower is better.

Ding, Chen, Levinboim, Changpinyo, Soricut, "PACTran: PAC-Bayesian Metrics for Estimating the Transferability of
Pretrained Models to Classification Tasks", ECCV 2022. Over weights W [d, c] with prior N(0, s I) and posterior
N(W*, q I), the bound E[L] + KL / lambda, with L (the mean cross-entropy) to second order around its minimiser
and at the best q, is

    L(W*) + |W*|^2 / (2 lambda s) + d c / (2 lambda) * log(1 + lambda s tr H / (d c))

with H the Hessian of L at W*. Settings, in the paper's terms: ``strength`` is lambda s / n and ``variance`` is
d s; the authors used strength 10, 1 and 0.1 with variance 10 or 100 times it. The bias has no prior, and its
curvature counts in tr H; features are centred first (with the bias this leaves W* alone).

Decisions. The minimum is convex and is found until it no longer moves; the code published with the paper stops
at 100 steps from a random start. There H is summed over rows while L is their mean; ``summed=True`` gives that.
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

__all__ = ["SCORER", "laplace_parts"]

STEPS = 5000
"""At most so many; a hundred or two are the rule."""


def laplace_parts(
    features: NDArray[np.float64], one_hot: NDArray[np.float64], strength: float
) -> tuple[float, float]:
    """Fit the penalised softmax classifier.

    Parameters
    ----------
    features
        float64 [n, d].
    one_hot
        float64 [n, c], class indicators.
    strength
        The penalty is ``|W|^2 / (2 strength n)``.

    Returns
    -------
    objective
        Least mean cross-entropy plus penalty.
    trace
        Trace of the Hessian of the mean cross-entropy there, bias included.

    Raises
    ------
    ScoringError
        If the minimum was not reached.
    """
    from scipy.special import softmax

    n, c = one_hot.shape
    x, powers = _principal(features - features.mean(axis=0))
    penalty = 1 / (strength * n)
    # In these coordinates the Hessian is near a diagonal one, so dividing by its root makes the bowl round.
    stretch = np.sqrt(
        np.append(powers, n) / n * (1 - 1 / c) / c + np.append(np.full(powers.size, penalty), 0)
    )
    design = np.column_stack([x, np.ones(n)]) / stretch
    ridge = np.append(np.full(powers.size, penalty), 0) / stretch**2
    weights, objective = _minimum(design, one_hot, ridge)
    probabilities = softmax(design @ weights, axis=1)
    curvature = (probabilities * (1 - probabilities)).sum(axis=1)
    return objective, float(curvature @ (np.square(x).sum(axis=1) + 1) / n)


def _principal(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotate rows [n, d] to their own axes [n, r], and give each axis' sum of squares; what is zero is left out."""
    n, d = x.shape
    if n < d:
        powers, left = np.linalg.eigh(x @ x.T)
        kept = powers > 1e-12 * powers.max()
        return left[:, kept] * np.sqrt(powers[kept]), powers[kept]
    powers, axes = np.linalg.eigh(x.T @ x)
    kept = powers > 1e-12 * powers.max()
    return x @ axes[:, kept], powers[kept]


def _minimum(
    design: NDArray[np.float64], one_hot: NDArray[np.float64], ridge: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weights [p, c] with the least mean cross-entropy plus ridge, and that value."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    n, c = one_hot.shape
    shape = (design.shape[1], c)

    def value(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        logs = log_softmax(design @ weights, axis=1)
        pull = ridge[:, None] * weights
        loss = -(one_hot * logs).sum() / n + (pull * weights).sum() / 2
        slope = design.T @ (np.exp(logs) - one_hot) / n + pull
        return float(loss), slope.ravel()

    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": 30, "ftol": 0.0, "gtol": 1e-9}
    found = minimize(value, np.zeros(shape[0] * c), jac=True, method="L-BFGS-B", options=options)
    slope = float(np.abs(found.jac).max())
    if not slope <= 1e-5:
        raise ScoringError(
            f"scorer pactran_gauss: the classifier on {n} rows did not settle (slope {slope:.1e})",
            consequence="no score was stored",
            next_step="lower the strength, or scale the features down",
        )
    return found.x.reshape(shape), float(found.fun)


def _pactran_gauss(inputs: Inputs, *, strength: float, variance: float, summed: bool) -> float:
    if not (0 < strength < np.inf and 0 < variance < np.inf):
        raise SettingsError(
            f"scorer pactran_gauss: strength {strength} and variance {variance} give no prior",
            consequence="nothing was scored",
            next_step="give finite numbers above 0",
        )
    (n, d), c = inputs.features.shape, len(inputs.classes)
    objective, trace = laplace_parts(inputs.features, inputs.one_hot, strength)
    flatness = np.log1p(strength * n * (n if summed else 1) * trace / (d * c))
    return float(objective + c * variance / (2 * strength * n) * flatness)


SCORER = Scorer(
    name="pactran_gauss",
    title="PAC-Bayesian bound with a Gaussian prior",
    paper="Ding, Chen, Levinboim, Changpinyo, Soricut, 'PACTran', ECCV 2022",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_pactran_gauss,
    defaults={"strength": 1.0, "variance": 10.0, "summed": False},
    higher_is_better=False,
    cost="moderate",
)
