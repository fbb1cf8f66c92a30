"""Two covariances that scikit-learn lacks: linear in some columns, and one for whoever shares a number.

Imported only where a Gaussian process is fitted, since scikit-learn takes a second to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Linear", "Same"]

_Answer = Any
"""K [n, m], and with it where asked for the gradient [n, n, 0]: there is nothing to be fitted here."""


class Linear(Kernel):  # type: ignore[misc]
    """``x . y`` of the first ``width`` columns."""

    def __init__(self, width: int) -> None:
        self.width = width

    def __call__(
        self, X: NDArray[np.float64], Y: NDArray[np.float64] | None = None, eval_gradient: bool = False
    ) -> _Answer:
        """Covariances of the rows of X and Y."""
        other = X if Y is None else Y
        found = X[:, : self.width] @ other[:, : self.width].T
        return (found, np.empty((len(X), len(X), 0))) if eval_gradient else found

    def diag(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variances of the rows of X."""
        found: NDArray[np.float64] = (X[:, : self.width] ** 2).sum(axis=1)
        return found

    def is_stationary(self) -> bool:
        """No."""
        return False


class Same(Kernel):  # type: ignore[misc]
    """1 where two rows have the same number from 0 on in a column, else 0: an effect of whatever has the number."""

    def __init__(self, column: int) -> None:
        self.column = column

    def __call__(
        self, X: NDArray[np.float64], Y: NDArray[np.float64] | None = None, eval_gradient: bool = False
    ) -> _Answer:
        """Covariances of the rows of X and Y."""
        mine, other = X[:, self.column], (X if Y is None else Y)[:, self.column]
        found = ((mine[:, None] == other[None, :]) & (mine[:, None] >= 0)).astype(np.float64)
        if Y is None:
            np.fill_diagonal(found, 1.0)
        return (found, np.empty((len(X), len(X), 0))) if eval_gradient else found

    def diag(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 for everybody: a source or target that is new has an effect too, which nobody knows."""
        return np.ones(len(X))

    def is_stationary(self) -> bool:
        """No."""
        return False
