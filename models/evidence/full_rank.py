"""What a map of any rank makes of the evidence, through the target's own coordinates.

With the target decomposed as ``[X, k 1] = P S^(1/2) Q'`` a map's features are ``P B``, ``B = S^(1/2) Q' T`` [k, d]: no
mapped embedding is ever made, only ``B B'`` [k, k]. That is brought to tridiagonal form once, after which any
precision and any class cost a pass over its diagonals, a fraction of the eigenvectors' price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm import ESM
    from models.evidence.target import TargetSpectrum

__all__ = ["Tridiagonal"]

_TINY = float(np.finfo(np.float64).tiny)  # features that are zero have a logarithm too


class Tridiagonal:
    """FF' of one map as ``W T W'`` with T tridiagonal.

    Attributes
    ----------
    diagonal, beside
        [k] and [k - 1], of T.
    y
        [k, c], the target columns' coordinates W'P'y.
    trace, largest
        tr(F'F), and an upper bound of the largest eigenvalue.
    """

    def __init__(self, target: TargetSpectrum, esm: ESM) -> None:
        from scipy.linalg import lapack

        turned = target.q.T @ esm.v
        features = target.q.T + turned @ esm.u.T
        if not target.centred:
            features += np.outer(target.last / target.scale, esm.b)
        features *= np.sqrt(target.s)[:, None]
        gram = np.asfortranarray(features @ features.T)
        k = target.s.size
        self.trace = float(np.trace(gram))
        # The largest row sum bounds every eigenvalue (Gershgorin).
        self.largest = max(min(self.trace, float(np.abs(gram).sum(axis=1).max())), _TINY)
        self.y = target.y
        if k < 3:
            self._by_hand(gram)
            return
        packed, self.diagonal, self.beside, tau, _ = lapack.dsytrd(gram, lower=1, lwork=64 * k, overwrite_a=1)
        below = np.asfortranarray(packed[1:, : k - 1])
        turned_y, _, _ = lapack.dormqr("L", "T", below, tau, np.asfortranarray(target.y[1:]), lwork=64 * k)
        self.y = np.vstack([target.y[:1], turned_y])

    def _by_hand(self, gram: NDArray[np.float64]) -> None:
        """One or two rows are tridiagonal already."""
        self.diagonal = np.diagonal(gram).copy()
        # LAPACK wants an element beside the diagonal even where there is none.
        self.beside = np.append(np.diagonal(gram, 1), 0.0)[: max(gram.shape[0] - 1, 1)]

    def parts(
        self, lam: NDArray[np.float64], rest: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give L [J] and R [c, J] at precisions lam [J]; ``rest`` [c] is the target's.

        Raises
        ------
        numpy.linalg.LinAlgError
            If rounding left T + lam I not positive definite.
        """
        from scipy.linalg import lapack

        log_determinant = np.empty(lam.size)
        residual = np.empty((self.y.shape[1], lam.size))
        for place, one in enumerate(lam):
            pivots, factors, failed = lapack.dpttrf(self.diagonal + one, self.beside)
            if failed:
                raise np.linalg.LinAlgError("a tridiagonal matrix is not positive definite")
            solved, _ = lapack.dpttrs(pivots, factors, self.y)
            log_determinant[place] = np.log(pivots / one).sum()
            residual[:, place] = rest + one * np.einsum("kc,kc->c", self.y, solved)
        return log_determinant, residual
