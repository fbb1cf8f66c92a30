"""Intervals that hold for targets nobody has seen: the jackknife+ over targets, not over rows.

All sources of a target share its offset, so that residuals of rows say little about the next target; left-out targets
do. Every target weighs the same, and one more, the new one, stands at infinity: Lee, Barber and Willett,
"Distribution-free inference with hierarchical data", JRSS B 2025, for the weights; Barber, Candès, Ramdas and
Tibshirani, "Predictive inference with the jackknife+", Annals of Statistics 2021, for the ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["targets_needed", "upper_end"]


def targets_needed(coverage: float) -> int:
    """How many targets it takes for an interval of that coverage to have ends: 4 for 0.8, 9 for 0.9.

    With fewer the new target may be the worst of all, more often than the interval may fail.
    """
    return max(2, math.ceil(coverage / (1.0 - coverage) - 1e-9))


def upper_end(
    values: NDArray[np.float64], targets: NDArray[np.int64], coverage: float
) -> NDArray[np.float64]:
    """The least value that so much of the weight does not exceed.

    Parameters
    ----------
    values
        float [..., n].
    targets
        int [n]: whose values they are. Of K targets each weighs ``1 / (K + 1)``, and the rest stands at infinity.
    coverage
        In (0, 1).

    Returns
    -------
    float [...]
        Infinity with fewer targets than :func:`targets_needed`.
    """
    _, which, counts = np.unique(targets, return_inverse=True, return_counts=True)
    weights = 1.0 / (counts[which] * (len(counts) + 1.0))
    order = np.argsort(values, axis=-1, kind="stable")
    reached = np.cumsum(weights[order], axis=-1) >= coverage - 1e-9
    first = np.argmax(reached, axis=-1)
    sorted_values = np.take_along_axis(values, order, axis=-1)
    found = np.take_along_axis(sorted_values, first[..., None], axis=-1)[..., 0]
    ends: NDArray[np.float64] = np.where(reached.any(axis=-1), found, np.inf)
    return ends
