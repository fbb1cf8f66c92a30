"""The highest evidence along log lam, found on a coarse grid and settled on a fine one.

Evidence a row, of a target column y with features F of n rows and L = log det(I + FF' / lam):

    E(lam) = (log(n / R) - log(2 pi) - 1) / 2 - L / (2 n)        R = lam y'(FF' + lam I)^-1 y

E itself is interpolated, and not R: R is a complete Bernstein function of lam, so log R is an integral of the very
functions that the interpolation is made for, with weights between 0 and 1 (Schilling, Song, Vondracek, "Bernstein
functions", 2012, theorem 6.10). Its error is therefore absolute, however small R becomes where features fit a
target perfectly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.evidence.interpolation import COARSE, SPACING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.evidence.interpolation import Interpolation

__all__ = ["evidence", "highest"]

_RIVAL = 0.01
"""Peaks that fall short of the highest by less on the coarse grid are settled too; a coarse point is nearer."""


def evidence(
    log_determinant: NDArray[np.float64], residual: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Give E of L and R of one shape; a residual that rounding left at or below 0 gives NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        fit = np.log(n / np.where(residual > 0, residual, np.nan))
    value: NDArray[np.float64] = 0.5 * (fit - np.log(2 * np.pi) - 1.0) - log_determinant / (2 * n)
    return value


def highest(
    values: NDArray[np.float64], curve: Interpolation, low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Maximise E over log lam within each map's range.

    Parameters
    ----------
    values
        [e, c, J], E of e maps and c target columns at the curve's nodes.
    curve
        The interpolation.
    low, high
        [e], ends of the range.

    Returns
    -------
    numpy.ndarray
        [e, c]; NaN where a value is.
    """
    grid = curve.grid[::COARSE]
    rough = values @ curve.matrix[::COARSE].T
    step = SPACING * COARSE
    outside = (grid <= low[:, None] - step) | (grid >= high[:, None] + step)
    if outside.any():
        rough = np.where(outside[:, None, :], -np.inf, rough)
    top = _top_within(rough, (grid < low[:, None]) | (grid > high[:, None]))
    edge = np.full((*top.shape, 1), -np.inf)
    padded = np.concatenate([edge, rough, edge], axis=-1)
    peaks = (rough >= padded[..., :-2]) & (rough >= padded[..., 2:]) & (rough >= top[..., None] - _RIVAL)
    e, c, place = np.nonzero(peaks)
    around = place[:, None] * COARSE + np.arange(-COARSE - 1, COARSE + 2)
    around = np.clip(around, 0, curve.grid.size - 1)
    fine = np.einsum("pgj,pj->pg", curve.matrix[around], values[e, c], optimize=False)
    best = np.full(top.shape, -np.inf)
    np.maximum.at(best, (e, c), _parabolas(fine, curve.grid[around], low[e], high[e]))
    return np.where(np.isfinite(best), best, np.nan)


def _top_within(rough: NDArray[np.float64], beyond: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Highest coarse value [e, c] within each map's range: one step beyond it there may be far higher ones."""
    best = rough.argmax(axis=-1)
    top: NDArray[np.float64] = np.take_along_axis(rough, best[..., None], axis=-1)[..., 0]
    e, c = np.nonzero(np.take_along_axis(beyond, best, axis=-1))
    if e.size:
        top[e, c] = np.where(beyond[e], -np.inf, rough[e, c]).max(axis=-1)
    return top


def _parabolas(
    values: NDArray[np.float64],
    places: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Highest point, within [low, high], of the parabolas through neighbouring values [p, g]: [p]."""
    before, here, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
    slope, bend = (after - before) / 2, after + before - 2 * here
    with np.errstate(invalid="ignore", divide="ignore"):
        peak = np.where(bend < 0, -slope / np.where(bend < 0, bend, -1.0), np.sign(slope))
    down = np.maximum(-0.5, (low[:, None] - places[:, 1:-1]) / SPACING)
    up = np.minimum(0.5, (high[:, None] - places[:, 1:-1]) / SPACING)
    at = np.clip(peak, down, np.maximum(up, down))
    # A point past an end of the grid stands twice in the row; no parabola goes through it.
    apart = np.diff(places, axis=1) > 0
    usable = (up >= down) & apart[:, :-1] & apart[:, 1:]
    found = np.where(usable, here + at * slope + 0.5 * np.square(at) * bend, -np.inf)
    highest_point: NDArray[np.float64] = np.fmax.reduce(found, axis=1)
    return highest_point
