"""Moments about their means, split into training sets and the folds held out from them.

All folds are moved to the means of all rows once, where numbers are small; leaving a fold out then takes
subtractions and corrections of rank one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ArtefactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm.moments import Moments

__all__ = ["Centred", "Split", "refuse"]


@dataclass(frozen=True, eq=False)
class Split:
    """A training set's equations, and the fold that was held out from it; x and D = y - x.

    Attributes
    ----------
    gram, cross
        [d, d] and [d, m], X'X and X'D of the training rows about their own means; m is d, unless :meth:`along`.
    mean_x, mean_d
        [d], [m], the training means less the means of all rows.
    held_xx, held_xd
        [d, d], [d, m], of the held-out rows about the means of all rows.
    weight
        What ``outer(mean_x, .)`` is multiplied by to move those to the training means.
    shift_error
        Squared error over the held-out rows of predicting D by its training mean: of a map of rank 0.
    """

    gram: NDArray[Any]
    cross: NDArray[Any]
    mean_x: NDArray[Any]
    mean_d: NDArray[Any]
    held_xx: NDArray[Any]
    held_xd: NDArray[Any]
    weight: float
    shift_error: float

    def along(self, span: NDArray[np.float64]) -> Split:
        """The same with D along orthonormal directions [d, m] only, in single precision.

        What of D lies across them stays in :attr:`shift_error`.
        """
        return Split(
            self.gram.astype(np.float32),
            (self.cross @ span).astype(np.float32),
            self.mean_x.astype(np.float32),
            (self.mean_d @ span).astype(np.float32),
            self.held_xx.astype(np.float32),
            (self.held_xd @ span).astype(np.float32),
            self.weight,
            self.shift_error,
        )

    def gains(self, w: NDArray[Any], p: NDArray[Any] | None = None) -> NDArray[Any]:
        """Squared error that each column of a map takes off the fold's :attr:`shift_error`.

        Parameters
        ----------
        w
            [d, m], the map's columns.
        p
            [., m] orthonormal, the output direction that each column predicts; None for D's own axes.
        """
        cross = self.held_xd if p is None else self.held_xd @ p
        along = self.mean_x @ w
        out = self.mean_d if p is None else self.mean_d @ p
        agreement = np.einsum("ij,ij->j", w, cross) + self.weight * along * out
        size = np.einsum("ij,ij->j", w, self.held_xx @ w) + self.weight * np.square(along)
        return np.asarray(2 * agreement - size)


@dataclass(frozen=True, eq=False)
class Centred:
    """The folds that hold rows, about the means of all rows.

    Attributes
    ----------
    n, sum_x, sum_d
        [k], [k, d], [k, d].
    xx, xd
        [k, d, d].
    gram, cross
        [d, d], their sums: the equations of all rows.
    dd, yy, identity
        [k], sums of squares of D and y about their means, and of D as it is.
    mean_x, mean_d
        [d], means of all rows.
    """

    n: NDArray[np.float64]
    sum_x: NDArray[np.float64]
    sum_d: NDArray[np.float64]
    xx: NDArray[np.float64]
    xd: NDArray[np.float64]
    gram: NDArray[np.float64]
    cross: NDArray[np.float64]
    dd: NDArray[np.float64]
    yy: NDArray[np.float64]
    identity: NDArray[np.float64]
    mean_x: NDArray[np.float64]
    mean_d: NDArray[np.float64]

    @classmethod
    def of(cls, moments: Moments) -> Centred:
        """Centre moments.

        Raises
        ------
        ArtefactError
            If fewer than two folds hold rows, numbers are not finite, or base embeddings do not vary.
        """
        filled = np.flatnonzero(moments.n > 0)
        if filled.size < 2:
            raise refuse(
                f"only {filled.size} of {moments.n_folds} folds hold rows, so nothing can be held out"
            )
        n = moments.n[filled]
        mean_x, mean_y = (sums[filled].sum(axis=0) / n.sum() for sums in (moments.sum_x, moments.sum_y))
        sum_x, sum_y = (
            sums[filled] - n[:, None] * mean
            for sums, mean in ((moments.sum_x, mean_x), (moments.sum_y, mean_y))
        )
        xx, xd = (np.empty((filled.size, moments.dim, moments.dim)) for _ in range(2))
        yy = np.empty(filled.size)
        for place, fold in enumerate(filled):
            xx[place] = _moved(moments.xx[fold], mean_x, sum_x[place], mean_x, moments.sum_x[fold])
            xd[place] = _moved(moments.xy[fold], mean_x, sum_y[place], mean_y, moments.sum_x[fold])
            yy[place] = np.trace(moments.yy[fold]) - mean_y @ (sum_y[place] + moments.sum_y[fold])
        trace_xx, trace_xy = (np.trace(squares, axis1=1, axis2=2) for squares in (xx, xd))
        xd -= xx
        mean_d, sum_d = mean_y - mean_x, sum_y - sum_x
        dd = yy - 2 * trace_xy + trace_xx
        identity = dd + 2 * sum_d @ mean_d + n * (mean_d @ mean_d)
        gram, cross = xx.sum(axis=0), xd.sum(axis=0)
        if not all(np.isfinite(array).all() for array in (gram, cross, yy)):
            raise refuse("the moments hold numbers that are not finite")
        # Rows that are all the same leave a spread of rounding errors, which must not pass for one.
        raw = float(np.trace(gram)) + float(n.sum()) * float(mean_x @ mean_x)
        if np.trace(gram) <= 1e-12 * max(raw, np.finfo(np.float64).tiny):
            raise refuse("the base embeddings are all the same")
        return cls(n, sum_x, sum_d, xx, xd, gram, cross, dd, yy, np.maximum(identity, 0), mean_x, mean_d)

    def held_out_spread(self) -> float:
        """Squared distance of every row's y from the mean y of the folds that it is not in, summed."""
        others = self.n.sum() - self.n
        mean_y = -(self.sum_x + self.sum_d) / others[:, None]
        return float(np.sum(self.yy + (2 * others + self.n) * np.square(mean_y).sum(axis=1)))

    def leave_out(self, fold: int) -> Split:
        """Split off a fold: the others' equations, and what it takes to measure a map on it."""
        rows = float(self.n[fold])
        others = float(self.n.sum()) - rows
        # About the means of all rows the sums of the others are the fold's with the sign turned.
        mean_x, mean_d = -self.sum_x[fold] / others, -self.sum_d[fold] / others
        gram = _less_outer(self.gram - self.xx[fold], others * mean_x, mean_x)
        cross = _less_outer(self.cross - self.xd[fold], others * mean_x, mean_d)
        weight = 2 * others + rows
        return Split(
            gram,
            cross,
            mean_x,
            mean_d,
            self.xx[fold],
            self.xd[fold],
            weight,
            max(float(self.dd[fold] + weight * (mean_d @ mean_d)), 0.0),
        )


def _less_outer(
    square: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Take ``outer(left, right)`` off a square in place."""
    from scipy.linalg.blas import dger

    # LAPACK's rows are numpy's columns.
    return np.asarray(dger(-1.0, right, left, a=square.T, overwrite_a=1).T)


def _moved(
    square: NDArray[np.float64],
    mean_left: NDArray[np.float64],
    sum_right: NDArray[np.float64],
    mean_right: NDArray[np.float64],
    raw_left: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Move sums of outer products to other origins; ``sum_right`` is moved already, ``raw_left`` is not."""
    return _less_outer(_less_outer(square.copy(), mean_left, sum_right), raw_left, mean_right)


def refuse(what: str) -> ArtefactError:
    """The error for moments that no map can be fitted to."""
    return ArtefactError(
        f"no ESM can be fitted: {what}",
        consequence="the source stays pending",
        next_step="make its embeddings again with `springboard ingest NAME`",
    )
