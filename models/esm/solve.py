"""Solving the ridge equations, and the output directions that a map of low rank keeps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Root", "leading_outputs", "ridge"]

_DENSE = 128
"""Below this width a dense eigendecomposition is quicker than an iterative one."""

_BLOCK, _THIN = 96, 64


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
        [d, d], lower triangular (what lies above the diagonal means nothing); or R^-1, by eigenvectors.
    triangular
        Which of the two.
    """

    factor: NDArray[Any]
    triangular: bool = True

    @classmethod
    def of(cls, gram: NDArray[Any], lam: float) -> Root:
        """Factor ``gram + lam I``, in the precision of ``gram``, which is left as it is."""
        from scipy.linalg import get_lapack_funcs

        (potrf,) = get_lapack_funcs(("potrf",), (gram,))
        shifted = np.array(gram, order="C").T  # symmetric, and as LAPACK wants it
        shifted[np.diag_indices_from(shifted)] += lam
        factor, info = potrf(shifted, lower=1, clean=0, overwrite_a=1)
        if info == 0:
            return cls(factor)
        # Fewer rows than dimensions and hardly any ridge: rounding leaves negative eigenvalues.
        s, q = np.linalg.eigh((gram + gram.T) / 2)
        return cls((q / np.sqrt(np.maximum(s, 0) + lam)).T, triangular=False)

    def half(self, right: NDArray[Any]) -> NDArray[Any]:
        """R^-1 times ``right`` [d, m]."""
        if not self.triangular:
            return np.asarray(self.factor @ right)
        if right.shape[1] <= _THIN:
            return self._solved(right, 0)
        solved = np.array(right, order="C")
        for start, block in self._inverted_blocks:
            end = start + block.shape[0]
            solved[start:end] = block @ solved[start:end]
            solved[end:] -= self.factor[end:, start:end] @ solved[start:end]
        return solved

    def back(self, right: NDArray[Any]) -> NDArray[Any]:
        """R'^-1 times ``right`` [d, m]; after :meth:`half` this is the whole solution."""
        if not self.triangular:
            return np.asarray(self.factor.T @ right)
        if right.shape[1] <= _THIN:
            return self._solved(right, 1)
        solved = np.array(right, order="C")
        for start, block in reversed(self._inverted_blocks):
            end = start + block.shape[0]
            solved[start:end] = block.T @ solved[start:end]
            solved[:start] -= self.factor[start:end, :start].T @ solved[start:end]
        return solved

    def _solved(self, right: NDArray[Any], transposed: int) -> NDArray[Any]:
        from scipy.linalg import get_blas_funcs

        (trsm,) = get_blas_funcs(("trsm",), (self.factor,))
        return np.asarray(trsm(1.0, self.factor, right, lower=1, trans_a=transposed))

    @cached_property
    def _inverted_blocks(self) -> list[tuple[int, NDArray[Any]]]:
        """Where each diagonal block of the factor starts, and its inverse.

        With many right-hand sides, multiplying by these is twice as fast as BLAS's own triangular solver.
        """
        from scipy.linalg import get_lapack_funcs

        (trtri,) = get_lapack_funcs(("trtri",), (self.factor,))
        starts = range(0, self.factor.shape[0], _BLOCK)
        return [(i, np.tril(trtri(self.factor[i : i + _BLOCK, i : i + _BLOCK], lower=1)[0])) for i in starts]


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
            values, p = eigsh(fitted, k=rank, which="LA", v0=fitted.sum(axis=0), tol=1e-10)
            return np.asarray(p[:, np.argsort(-values, kind="stable")])
        except ArpackError:  # nothing moved at all, or a spectrum it makes no headway with
            pass
    _, p = eigh(fitted, subset_by_index=[m - rank, m - 1])
    return np.asarray(p[:, ::-1])
