"""A target decomposed once, so that every map of its embeddings can be scored from small matrices.

With X the base embeddings [n, d] and F = X (I + V U') + 1 b' what a map of rank r makes of them, all that the
evidence needs of F is ``FF'``, and that lies in the span of ``[X, 1]``. So ``[X, k 1]`` (k a scale that makes the
last column no larger than the others) is decomposed once into ``P S^(1/2) Q'``; a map then changes S by a matrix
of rank 2 (r + 1), see :mod:`models.evidence.low_rank`. Directions that [X, 1] does not have (fewer rows than
dimensions, or features of lower rank) are left out here, once, and cost nothing afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.evidence.profile import RESIDUAL_FLOOR, blurred, nonzero, singular

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.evidence.arrays import Arrays

__all__ = ["TargetSpectrum"]


@dataclass(frozen=True, eq=False)
class TargetSpectrum:
    """Base embeddings [n, d] and c target columns in the coordinates that maps are applied in.

    Attributes
    ----------
    s
        [k], eigenvalues of ``[X, k 1][X, k 1]'`` that are not zero.
    q
        [d, k], rows of Q that belong to the embedding's dimensions.
    last
        [k], the row of Q that belongs to the scaled column of ones; zero when centred.
    scale
        The scale k of the column of ones.
    y
        [k, c], the targets' coordinates ``P' Y``.
    rest
        [c], what of y'y lies outside of the span of [X, 1].
    yy
        [c], y'y.
    n
        Rows that count: one less when centred.
    d
        Width of an embedding.
    mean_eigenvalue
        ``tr(X'X) / d``.
    centred
        Whether features and targets were centred; a map's bias then has no effect.
    """

    s: NDArray[np.float64]
    q: NDArray[np.float64]
    last: NDArray[np.float64]
    scale: float
    y: NDArray[np.float64]
    rest: NDArray[np.float64]
    yy: NDArray[np.float64]
    n: int
    d: int
    mean_eigenvalue: float
    centred: bool

    @classmethod
    def of(
        cls, base: NDArray[np.float64], targets: NDArray[np.float64], *, center: bool = False
    ) -> TargetSpectrum:
        """Decompose.

        Parameters
        ----------
        base
            [n, d], finite.
        targets
            [n, c], none of them zero throughout (centred: none constant).
        center
            Project an intercept out of both first.

        Raises
        ------
        ScoringError
            If there is nothing to decompose.
        """
        n, d = base.shape
        x, y = (base - base.mean(axis=0), targets - targets.mean(axis=0)) if center else (base, targets)
        rows = n - 1 if center else n
        yy = np.square(y).sum(axis=0)
        total = float(np.square(x).sum())
        if not total > 0 or rows < 1 or not (yy > 0).all():
            raise ScoringError(
                "no evidence can be computed: all features, or all values of a target, are zero",
                consequence="no score was stored",
                next_step="check with `springboard list targets` that it holds more than one class or value",
            )
        scale = float(np.sqrt(total / (n * d)))
        wide = x if center else np.column_stack([x, np.full(n, scale)])
        s, q, coordinates = _decomposed(wide, y)
        rest = yy - np.square(coordinates).sum(axis=0)
        if blurred(s) if n < wide.shape[1] else blurred(s, rest, yy):
            p, s, q = singular(wide)
            coordinates = p.T @ y
            rest = yy - np.square(coordinates).sum(axis=0)
        return cls(
            s=s,
            q=q[:d],
            last=np.zeros(s.size) if center else q[d],
            scale=scale,
            y=coordinates,
            rest=np.where(rest > RESIDUAL_FLOOR * yy, rest, 0.0),
            yy=yy,
            n=rows,
            d=d,
            mean_eigenvalue=total / d,
            centred=center,
        )

    def placed(self, arrays: Arrays) -> TargetSpectrum:
        """The same with the arrays that maps meet on a device."""
        if arrays.is_numpy:
            return self
        moved = {name: arrays.put(getattr(self, name)) for name in ("s", "q", "last", "y")}
        return replace(self, **moved)


def _decomposed(
    wide: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues [k], right vectors [d, k], and the targets' coordinates [k, c]."""
    n, d = wide.shape
    if n < d:
        s, p = np.linalg.eigh(wide @ wide.T)
        kept = nonzero(s, d)
        s, p = s[kept], p[:, kept]
        return s, wide.T @ (p / np.sqrt(s)), p.T @ y
    s, q = np.linalg.eigh(wide.T @ wide)
    kept = nonzero(s, n)
    s, q = s[kept], q[:, kept]
    return s, q, (q / np.sqrt(s)).T @ (wide.T @ y)
