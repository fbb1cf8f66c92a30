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

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LAMBDA_RANGE", "RESIDUAL_FLOOR", "Spectrum", "blurred", "max_log_evidence", "nonzero", "singular"]

LAMBDA_RANGE = (1e-8, 1e8)
"""lam is looked for in this range times tr(F'F) / d; its lower end bounds a perfect fit's evidence."""

RESIDUAL_FLOOR = 1e-13
"""A least-squares residual below this share of y'y counts as none: float64 cannot tell the two apart."""

_BLUR = 1e-7  # of a residual: what it may be off by, an order below what is promised of a score
_FAR = 1e8  # between the largest and the smallest eigenvalue of FF': less, and rounding is below any lam

# log lam runs over 37; the evidence's features in log lam are about 2 wide, so this grid sees every maximum.
_GRID = 161
_STEPS = 40  # bisections: 0.46 / 2**40 is far below 1e-10 in log lam


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Features and c targets in the coordinates that the evidence needs.

    Attributes
    ----------
    s
        [m], the eigenvalues of F'F that are not zero.
    g
        [m, c], squared share of each target along each direction of F: ``z^2 / s``.
    rest
        [c], what of y'y lies outside of F: the least-squares residual.
    """

    s: NDArray[np.float64]
    g: NDArray[np.float64]
    rest: NDArray[np.float64]

    @classmethod
    def of_features(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> Spectrum:
        """From F [n, d] and Y [n, c]: through F'F or FF', and from F itself where squaring it cost digits."""
        n, d = x.shape
        if n < d:
            squared = cls.of_kernel(x @ x.T, y, d)
            doubtful = blurred(squared.s)
        else:
            squared = cls.of_gram(x.T @ x, x.T @ y, np.square(y).sum(axis=0), n)
            doubtful = squared.blurred
        return cls.of_rows(x, y) if doubtful else squared

    @classmethod
    def of_rows(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> Spectrum:
        """From F [n, d] and Y [n, c] by singular values: exact for any spectrum, and several times dearer."""
        p, s, _ = singular(x)
        g, yy = np.square(p.T @ y), np.square(y).sum(axis=0)
        rest = yy - g.sum(axis=0)
        return cls(s, g, np.where(rest > RESIDUAL_FLOOR * yy, rest, 0.0))

    @property
    def blurred(self) -> bool:
        """Whether F'F may have lost digits of the residuals."""
        return blurred(self.s, self.rest, self.g.sum(axis=0) + self.rest)

    @classmethod
    def of_gram(
        cls, gram: NDArray[np.float64], cross: NDArray[np.float64], yy: NDArray[np.float64], n: int
    ) -> Spectrum:
        """From F'F [d, d], F'Y [d, c], y'y [c] and the number of rows."""
        s, q = _eigh(gram)
        kept = nonzero(s, max(n, gram.shape[0]))
        g = np.square(q[:, kept].T @ cross) / s[kept, None]
        rest = yy - g.sum(axis=0)
        return cls(s[kept], g, np.where(rest > RESIDUAL_FLOOR * yy, rest, 0.0))

    @classmethod
    def of_kernel(cls, kernel: NDArray[np.float64], targets: NDArray[np.float64], d: int) -> Spectrum:
        """From FF' [n, n] and Y [n, c]: cheaper with fewer rows than dimensions d."""
        s, q = _eigh(kernel)
        kept = nonzero(s, max(kernel.shape[0], d))
        g = np.square(q.T @ targets)
        rest = g[~kept].sum(axis=0)
        return cls(s[kept], g[kept], np.where(rest > RESIDUAL_FLOOR * g.sum(axis=0), rest, 0.0))


def max_log_evidence(spectrum: Spectrum, n: int, d: int) -> NDArray[np.float64]:
    """Maximise the log evidence over both precisions, for each of c targets.

    Parameters
    ----------
    spectrum
        Of features and targets.
    n, d
        Rows (less one when an intercept was projected out) and columns of F.

    Returns
    -------
    numpy.ndarray
        [c], the maximum for each target (natural logarithm, not divided by n).

    Raises
    ------
    ScoringError
        If a target or all features are zero, or the result is not finite.
    """
    s, g, rest = spectrum.s, spectrum.g, spectrum.rest
    if not s.size or not (g.sum(axis=0) + rest > 0).all():
        raise _refuse("all features, or all values of a target, are zero")
    grid = np.log(float(s.sum()) / d) + np.linspace(np.log(LAMBDA_RANGE[0]), np.log(LAMBDA_RANGE[1]), _GRID)
    values = _on_grid(grid, s, g, rest, n)
    place, target = np.nonzero(_local_maxima(values))
    step = float(grid[1] - grid[0])
    low, high = np.maximum(grid[place] - step, grid[0]), np.minimum(grid[place] + step, grid[-1])
    g, rest = g[:, target], rest[target]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        rising = _slope(middle, s, g, rest, n) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    best: NDArray[np.float64] = values.max(axis=0)
    np.maximum.at(best, target, _evidence((low + high) / 2, s, g, rest, n))
    if not np.isfinite(best).all():
        raise _refuse("the evidence is not finite")
    return best


def _on_grid(
    grid: NDArray[np.float64],
    s: NDArray[np.float64],
    g: NDArray[np.float64],
    rest: NDArray[np.float64],
    n: int,
) -> NDArray[np.float64]:
    """Evidence of every target at every point of a grid, [grid, c]."""
    lam = np.exp(grid)
    # The part of a target along direction i that the ridge leaves unexplained is lam / (lam + s_i).
    residual = rest + (lam[:, None] / (lam[:, None] + s)) @ g
    return _from_residual(residual, np.log1p(s / lam[:, None]).sum(axis=1)[:, None], n)


def _evidence(
    log_lam: NDArray[np.float64],
    s: NDArray[np.float64],
    g: NDArray[np.float64],
    rest: NDArray[np.float64],
    n: int,
) -> NDArray[np.float64]:
    """Evidence at one point a candidate: log_lam [p] with g [m, p] and rest [p]."""
    lam = np.exp(log_lam)
    residual = rest + (lam / (lam + s[:, None]) * g).sum(axis=0)
    return _from_residual(residual, np.log1p(s[:, None] / lam).sum(axis=0), n)


def _slope(
    log_lam: NDArray[np.float64],
    s: NDArray[np.float64],
    g: NDArray[np.float64],
    rest: NDArray[np.float64],
    n: int,
) -> NDArray[np.float64]:
    """Slope of the evidence in log lam at one point a candidate; shapes as for :func:`_evidence`."""
    lam = np.exp(log_lam)
    left = lam / (lam + s[:, None])
    residual = rest + (left * g).sum(axis=0)
    bend = (left * (1.0 - left) * g).sum(axis=0)
    slope: NDArray[np.float64] = 0.5 * (1.0 - left).sum(axis=0) - n / 2 * bend / residual
    return slope


def _from_residual(residual: NDArray[np.float64], volume: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    value: NDArray[np.float64] = n / 2 * (np.log(n / residual) - np.log(2 * np.pi) - 1.0) - 0.5 * volume
    return value


def _local_maxima(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark grid points [g, c] below neither neighbour; an end of the grid has one neighbour only."""
    edge = np.full((1, values.shape[1]), -np.inf)
    padded = np.concatenate([edge, values, edge])
    marked: NDArray[np.bool_] = (values >= padded[:-2]) & (values >= padded[2:])
    return marked


def nonzero(s: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    """Mark eigenvalues above what rounding leaves in place of zeros."""
    marked: NDArray[np.bool_] = s > float(s.max(initial=0.0)) * size * np.finfo(np.float64).eps
    return marked


def blurred(
    s: NDArray[np.float64], rest: NDArray[np.float64] | None = None, yy: NDArray[np.float64] | None = None
) -> bool:
    """Whether eigenvalues s [m] of a product F'F or FF' are too far apart to go by.

    Rounding moves each of them by eps of the largest. F'F gives a target's share of a direction divided by its
    eigenvalue, so its least-squares residual (``rest`` and ``yy``, [c]; left out for FF') is off by eps times
    their ratio.
    """
    if not s.size:
        return False
    ratio = float(s.max() / s.min())
    if rest is None or yy is None:
        return ratio > _FAR
    return bool((np.finfo(np.float64).eps * ratio * yy > _BLUR * rest).any())


def singular(
    x: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Left vectors [n, m], squared singular values [m] and right vectors [d, m] of F [n, d], less the zeros."""
    p, root, qt = np.linalg.svd(x, full_matrices=False)
    kept = nonzero(root, max(x.shape))
    return p[:, kept], np.square(root[kept]), qt[kept].T


def _eigh(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not np.isfinite(matrix).all():
        raise _refuse("features are not finite")
    s, q = np.linalg.eigh((matrix + matrix.T) / 2)
    return s, q


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        f"no evidence can be computed: {what}",
        consequence="no score was stored",
        next_step="check with `springboard list targets` that it holds more than one class or value",
    )
