"""A few precisions at which to know the evidence's parts, so as to know them at all precisions.

Everything the evidence is made of is a sum of functions ``lam / (lam + s)`` and ``log(1 + s / lam)``, s >= 0. In
log lam they are smooth whatever s is (their nearest poles lie pi away from the real line), so two or three
dozen well-chosen values give the whole curve. An interpolative decomposition (Cheng, Gimbutas, Martinsson,
Rokhlin, SIAM J. Sci. Comput. 2005) of the family of these functions chooses the precisions and gives the fixed
matrix that leads from values there to values on a fine grid. It knows nothing of target, map or classes, so all
of them share it, and its largest error over the family bounds the error of every curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COARSE", "SPACING", "Interpolation"]

SPACING = 0.05
"""Of the fine grid in log lam; a parabola through three of its points is within 1e-8 of a maximum."""

COARSE = 6
"""Every so many points of the fine grid are looked at first."""

_ACCURACY, _LARGEST_ERROR = 3e-7, 1.5e-6
"""Aimed at for most functions of the family, and allowed for any of them; they are at most 1 in size (logarithms:
their change over 25). What is scored is a mean over hundreds of them, whose errors differ in sign."""


@dataclass(frozen=True, eq=False)
class Interpolation:
    """From values at J precisions to values on a grid.

    Attributes
    ----------
    nodes
        [J], log lam, rising.
    grid
        [G], log lam, evenly spaced by :data:`SPACING`; the nodes lie within.
    matrix
        [G, J].
    error
        Largest error of a function of the family on the grid.
    """

    nodes: NDArray[np.float64]
    grid: NDArray[np.float64]
    matrix: NDArray[np.float64]
    error: float

    @classmethod
    def over(cls, low: float, high: float, largest: float) -> Interpolation:
        """Cover log lam from ``low`` to ``high`` (or a little more) for spectra up to log s = ``largest``."""
        length, reach = float(np.ceil(high - low)), float(np.ceil(largest - low))
        nodes, grid, matrix, error = _decomposed(length, reach)
        return cls(nodes + low, grid + low, matrix, error)


@lru_cache(maxsize=64)
def _decomposed(
    length: float, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    from scipy.linalg import qr

    grid = np.asarray(np.arange(round(length / SPACING) + 1) * SPACING, dtype=np.float64)
    # Below the lowest lam, a function is constant (or falls evenly) to twelve digits once s is e^-25 of it.
    s = np.asarray(np.exp(np.arange(-25.0, max(reach, 1.0), 0.1)), dtype=np.float64)
    family = _family(grid, s)
    candidates = family[:, ::2]
    _, upper, order = qr(candidates, mode="economic", pivoting=True)
    size = np.abs(np.diag(upper))
    count = int(np.count_nonzero(size > _ACCURACY * size[0]))
    # A multiple of four: matrix products with such a width run a third faster.
    for several in range(4 * max(1, count // 4), candidates.shape[1], 4):
        chosen = np.sort(order[:several]) * 2
        matrix = np.asarray(np.linalg.lstsq(family[:, chosen], family, rcond=1e-13)[0].T, dtype=np.float64)
        error = float(np.abs(family[:, chosen] @ matrix.T - family).max())
        if error <= _LARGEST_ERROR:
            break
    nodes: NDArray[np.float64] = grid[chosen]
    return nodes, grid, matrix, error


def _family(t: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The family's functions as rows, at log lam t; logarithms less their value at the first, over 25."""
    lam = np.exp(t)
    fraction = lam / (lam + s[:, None])
    logarithm = (np.log1p(s[:, None] / lam) - np.log1p(s[:, None] / lam[0])) / 25.0
    return np.vstack([fraction, logarithm, np.ones((1, t.size))])
