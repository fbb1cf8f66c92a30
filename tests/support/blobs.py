"""Classes as blobs, from a seed: the inputs whose reference numbers the fixtures hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["blobs"]


def blobs(
    seed: int, *, n: int, d: int, c: int, spread: float = 1.0, unequal: bool = False
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Features [n, d] with correlated columns around c class means ``spread`` apart, and class ids [n].

    ``unequal`` gives each class about half as many rows as the one before.
    """
    rng = np.random.default_rng(seed)
    shares = 0.5 ** np.arange(c) if unequal else np.ones(c)
    counts = np.maximum(2, np.floor(n * shares / shares.sum()).astype(int))
    counts[0] += n - counts.sum()
    ids = rng.permutation(np.repeat(np.arange(c), counts))
    mixing = rng.normal(size=(d, d)) / np.sqrt(d) + np.eye(d)
    x = (spread * rng.normal(size=(c, d))[ids] + rng.normal(size=(n, d))) @ mixing + rng.normal(size=d)
    return np.round(x, 6), ids
