"""Solving the ridge equations, and the output directions that a map of low rank keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Root", "leading_outputs", "ridge"]

_DENSE = 128
"""Below this width a dense eigendecomposition is quicker than an iterative one."""

_BLOCK = 96


def ridge(gram: NDArray[Any], strength: float) -> float:
    """Give lambda: the strength times the mean eigenvalue of X'X, above 0 whatever X'X is."""
    lam = strength * float(np.trace(gram)) / gram.shape[0]
    # A direction without any variance says nothing; the smallest normal number keeps 0/0 out.
    return lam if lam > 0 else float(np.finfo(gram.dtype).tiny)


@dataclass(frozen=True, eq=False)
class Root:
    """A factor R of ``X'X + lam I = R R'``: triangular (Cholesky), or by eigenvectors where that fails.

    Attributes
    ----------
    factor
        [d, d], lower triangular; or R^-1 as a whole, by eigenvectors.
    blocks
        Inverses of the triangular factor's diagonal blocks; empty when ``factor`` is R^-1.
    """

    factor: NDArray[Any]
    blocks: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, gram: NDArray[Any], lam: float) -> Root:
        """Factor ``gram + lam I``, in the precision of ``gram``, which is left as it is."""
        from scipy.linalg import get_lapack_funcs

        potrf, trtri = get_lapack_funcs(("potrf", "trtri"), (gram,))
        shifted = np.array(gram, order="C").T  # symmetric, and as LAPACK wants it
        shifted[np.diag_indices_from(shifted)] += lam
        factor, info = potrf(shifted, lower=1, clean=0, overwrite_a=1)
        if info != 0:
            # Fewer rows than dimensions and hardly any ridge: rounding leaves negative eigenvalues.
            s, q = np.linalg.eigh((gram + gram.T) / 2)
            return cls((q / np.sqrt(np.maximum(s, 0) + lam)).T, ())
        # Multiplying by inverted blocks is twice as fast as BLAS's own triangular solver at these sizes.
        cuts = range(0, factor.shape[0], _BLOCK)
        return cls(
            factor, tuple(np.tril(trtri(factor[i : i + _BLOCK, i : i + _BLOCK], lower=1)[0]) for i in cuts)
        )

    def half(self, right: NDArray[Any]) -> NDArray[Any]:
        """R^-1 times ``right`` [d, m]."""
        if not self.blocks:
            return np.asarray(self.factor @ right)
        solved = np.array(right, order="C")
        for place, block in enumerate(self.blocks):
            start, end = place * _BLOCK, place * _BLOCK + block.shape[0]
            solved[start:end] = block @ solved[start:end]
            solved[end:] -= self.factor[end:, start:end] @ solved[start:end]
        return solved

    def back(self, right: NDArray[Any]) -> NDArray[Any]:
        """R'^-1 times ``right`` [d, m]; after :meth:`half` this is the whole solution."""
        if not self.blocks:
            return np.asarray(self.factor.T @ right)
        solved = np.array(right, order="C")
        for place, block in reversed(list(enumerate(self.blocks))):
            start, end = place * _BLOCK, place * _BLOCK + block.shape[0]
            solved[start:end] = block.T @ solved[start:end]
            solved[:start] -= self.factor[start:end, :start].T @ solved[start:end]
        return solved


def leading_outputs(half: NDArray[Any], rank: int) -> NDArray[Any]:
    """Give the output directions P [m, rank] that a map of low rank keeps, the leading one first.

    They are the leading right singular vectors of ``half = R^-1 X'D`` [d, m]: the best map of a rank in the
    metric of ``R R' = X'X + lam I`` is ``R'^-1 half P P'``.
    """
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackError, eigsh

    m = half.shape[1]
    fitted = half.T @ half
    if m > _DENSE and rank <= m // 8:
        try:
            values, p = eigsh(fitted, k=rank, which="LA", v0=fitted.sum(axis=0), tol=1e-14)
            return np.asarray(p[:, np.argsort(-values, kind="stable")])
        except ArpackError:  # nothing moved at all, or a spectrum it makes no headway with
            pass
    _, p = eigh(fitted, subset_by_index=[m - rank, m - 1])
    return np.asarray(p[:, ::-1])
