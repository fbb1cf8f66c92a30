"""The profile evidence of a Bayesian linear model, from the spectrum of its features.

The model: y = F w + noise, w ~ N(0, alpha^-1 I), noise ~ N(0, beta^-1 I). With lam = alpha / beta and beta at
its best for that lam, the log evidence is

    n/2 log(n / R) + 1/2 sum_i log(lam / (lam + s_i)) - n/2 log(2 pi) - n/2
    R = y'y - sum_i z_i^2 / (lam + s_i)

with s the eigenvalues of F'F, V its eigenvectors and z = V'F'y. A zero eigenvalue adds nothing to either sum,
so the form is right for fewer rows than dimensions and for features of any rank. It is maximised over lam
globally: the published fixed point (You et al., ICML 2021) climbs to a maximum near its start and drops a (D
- k) log(alpha) term when n < D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LAMBDA_RANGE", "RESIDUAL_FLOOR", "max_log_evidence"]

LAMBDA_RANGE = (1e-8, 1e8)
"""lam is looked for in this range times tr(F'F) / d."""

RESIDUAL_FLOOR = 1e-10
"""R is never below this share of y'y: a perfect fit has unbounded evidence, and float64 no digits left."""

# log lam runs over 37; the evidence's features in log lam are about 2 wide, so this grid sees every maximum.
_GRID = 161
_STEPS = 40  # bisections: 0.46 / 2**40 is far below 1e-10 in log lam


def max_log_evidence(
    s: NDArray[np.float64], z: NDArray[np.float64], yy: NDArray[np.float64], n: int, d: int
) -> NDArray[np.float64]:
    """Maximise the log evidence over both precisions, for each of c targets.

    Parameters
    ----------
    s
        [m], eigenvalues of F'F; those that are zero may be left out.
    z
        [m, c], V'F'Y.
    yy
        [c], y'y of each target.
    n, d
        Rows and columns of F.

    Returns
    -------
    numpy.ndarray
        [c], the maximum for each target (natural logarithm, not divided by n).

    Raises
    ------
    ScoringError
        If a target or all features are zero, or the result is not finite.
    """
    # Rounding leaves eigenvalues of about eps * s_max where there should be zeros.
    kept = s > float(s.max(initial=0.0)) * max(n, d) * np.finfo(np.float64).eps
    s, z2 = s[kept], np.square(z[kept])
    if not s.size or not (yy > 0).all():
        raise _refuse("all features, or all values of a target, are zero")
    scale = float(s.sum()) / d
    grid = np.log(scale) + np.linspace(np.log(LAMBDA_RANGE[0]), np.log(LAMBDA_RANGE[1]), _GRID)
    values, _ = _evidence(grid[:, None], s, z2[:, None, :], yy, n)
    place, target = np.nonzero(_local_maxima(values))
    step = float(grid[1] - grid[0])
    low, high = np.maximum(grid[place] - step, grid[0]), np.minimum(grid[place] + step, grid[-1])
    chosen = z2[:, target]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        rising = _evidence(middle, s, chosen, yy[target], n)[1] > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    refined, _ = _evidence((low + high) / 2, s, chosen, yy[target], n)
    best: NDArray[np.float64] = values.max(axis=0)
    np.maximum.at(best, target, refined)
    if not np.isfinite(best).all():
        raise _refuse("the evidence is not finite")
    return best


def _evidence(
    log_lam: NDArray[np.float64],
    s: NDArray[np.float64],
    z2: NDArray[np.float64],
    yy: NDArray[np.float64],
    n: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evidence and its slope in log lam.

    Either at every point of a grid ([g, 1] with z2 [m, 1, c]) or at one point a candidate ([p] with z2 [m,
    p]).
    """
    lam = np.exp(log_lam)
    points = lam.reshape(-1)
    shrunk = 1.0 / (points + s[:, None])  # [m, g] or [m, p]
    if z2.ndim == 3:
        fitted, bend = shrunk.T @ z2[:, 0], np.square(shrunk).T @ z2[:, 0]
    else:
        fitted, bend = (shrunk * z2).sum(axis=0), (np.square(shrunk) * z2).sum(axis=0)
    floor = RESIDUAL_FLOOR * yy
    residual = np.maximum(yy - fitted, floor)
    slope_r = np.where(yy - fitted > floor, lam * bend, 0.0)
    shape = lam.shape
    volume = -0.5 * np.log1p(s[:, None] / points).sum(axis=0).reshape(shape)
    freedom = 0.5 * (s[:, None] * shrunk).sum(axis=0).reshape(shape)
    value = n / 2 * np.log(n / residual) + volume - n / 2 * (np.log(2 * np.pi) + 1.0)
    return value, freedom - n / 2 * slope_r / residual


def _local_maxima(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark grid points [g, c] below neither neighbour; an end of the grid has one neighbour only."""
    edge = np.full((1, values.shape[1]), -np.inf)
    padded = np.concatenate([edge, values, edge])
    marked: NDArray[np.bool_] = (values >= padded[:-2]) & (values >= padded[2:])
    return marked


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        f"no evidence can be computed: {what}",
        consequence="no score was stored",
        next_step="check with `springboard list targets` that it holds more than one class or value",
    )
