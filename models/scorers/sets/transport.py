"""Optimal transport between a source's sample and a target, both taken as Gaussian clouds of embeddings.

The squared 2-Wasserstein distance of Gaussians has a closed form (Dowson, Landau, 1982), is a lower bound for any two
clouds with these means and covariances (Gelbrich, 1990), and draws nothing at random. The entropic transport
of the OSBORN paper needs a table of all pairs, many iterations and a strength to be chosen, for each source; this
takes one small eigenvalue problem, since all that concerns the target is prepared once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["TargetCloud", "transport_share"]


@dataclass(frozen=True, eq=False)
class TargetCloud:
    """What transport has to know of the target.

    Attributes
    ----------
    mean
        [d].
    root
        [d, d] with root @ root.T the covariance.
    spread
        The covariance's trace.
    """

    mean: NDArray[np.float64]
    root: NDArray[np.float64]
    spread: float

    @classmethod
    def of(cls, embeddings: ArrayLike) -> TargetCloud:
        """Summarise embeddings [n, d]."""
        x = np.asarray(embeddings, dtype=np.float64)
        mean = x.mean(axis=0)
        values, vectors = np.linalg.eigh((x - mean).T @ (x - mean) / len(x))
        return cls(mean, vectors * np.sqrt(np.maximum(values, 0)), float(np.maximum(values, 0).sum()))


def transport_share(sample: ArrayLike, target: TargetCloud) -> float:
    """Cost of moving a sample [m, d] onto the target, as a share of the cost of pairing them at random.

    With X and Y drawn apart, E|X - Y|^2 is the squared distance of the means plus both spreads; the optimal pairing
    saves part of it. The share does not change when both are rotated, scaled or shifted; it goes from 0 (the same
    cloud) to 1 (nothing is saved). A small sample looks further away than a large one: compare samples of one size.

    Returns
    -------
    float
        In [0, 1]; lower is nearer.
    """
    x = np.asarray(sample, dtype=np.float64)
    mean = x.mean(axis=0)
    moved = (x - mean) @ target.root / np.sqrt(len(x))
    small = moved @ moved.T if moved.shape[0] < moved.shape[1] else moved.T @ moved
    # The covariances' cross term, tr (S^1/2 T S^1/2)^1/2, is the sum of the singular values of S^1/2 T^1/2.
    saved = 2 * float(np.sqrt(np.maximum(np.linalg.eigvalsh(small), 0)).sum())
    spread = float(np.square(x - mean).sum() / len(x))
    apart = float(np.square(mean - target.mean).sum()) + spread + target.spread
    return float(np.clip(1 - saved / apart, 0, 1)) if apart > 0 else 0.0
