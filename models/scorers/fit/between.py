"""How much of each principal direction of the features lies between classes: what both H-scores are sums of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["between_shares"]


def between_shares(inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split the variance between classes over the principal directions of the features.

    Directions without variance are left out, by a limit on the eigenvalues of the smaller of the two Gram
    matrices; past it rounding errors would be divided by each other.

    Parameters
    ----------
    inputs
        Checked inputs with classes.

    Returns
    -------
    variances
        float64 [r], variance along each direction (divided by n), ascending, all above 0.
    shares
        float64 [r], which share of it lies between classes, in [0, 1]; they sum to c - 1 at most.
    """
    x = inputs.features - inputs.features.mean(axis=0)
    one_hot = inputs.one_hot
    n, d = x.shape
    if n <= d:
        s, directions = np.linalg.eigh(x @ x.T)
        kept = _above_rounding(s, max(n, d))
        along = directions[:, kept].T @ one_hot
    else:
        s, directions = np.linalg.eigh(x.T @ x)
        kept = _above_rounding(s, max(n, d))
        along = directions[:, kept].T @ (x.T @ one_hot) / np.sqrt(s[kept])[:, None]
    return s[kept] / n, (np.square(along) / one_hot.sum(axis=0)).sum(axis=1)


def _above_rounding(s: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    return np.asarray(s > s[-1] * size * np.finfo(np.float64).eps, dtype=np.bool_)
