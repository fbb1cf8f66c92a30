"""How far the middle of a sample of embeddings moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["centroid_shift"]


def centroid_shift(old: ArrayLike, new: ArrayLike) -> float:
    """The distance of two samples' centroids, relative to the old sample's spread.

    The spread is the root of the mean squared distance of a row from its centroid. Two independent samples of n and m
    rows of one kind are about ``sqrt(1 / n + 1 / m)`` apart by chance.

    Parameters
    ----------
    old, new
        [n, d] and [m, d].

    Raises
    ------
    InputsError
        A sample is empty, or their widths differ.
    """
    first, second = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    if (
        first.ndim != 2
        or second.ndim != 2
        or first.shape[1] != second.shape[1]
        or not (len(first) and len(second))
    ):
        raise InputsError(
            f"samples of shapes {first.shape} and {second.shape} cannot be compared",
            consequence="nothing was computed",
            next_step="give two matrices of one width with rows",
        )
    centre = first.mean(axis=0)
    moved = float(np.linalg.norm(second.mean(axis=0) - centre))
    spread = float(np.sqrt(((first - centre) ** 2).sum(axis=1).mean()))
    if spread == 0.0:
        return 0.0 if moved == 0.0 else float("inf")
    return moved / spread
