"""Labels that are numbers: the Kolmogorov-Smirnov test of two samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.drift.result import Tested
from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["number_test"]


def number_test(old: ArrayLike, new: ArrayLike) -> Tested:
    """Test whether two independent samples of numbers are of one distribution.

    Returns
    -------
    Tested
        The largest difference of the two cumulative shares, in [0, 1], and its p-value.

    Raises
    ------
    InputsError
        A sample is empty or holds what is no finite number.
    """
    from scipy.stats import ks_2samp

    first, second = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    if not (first.size and second.size and np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputsError(
            f"samples of {first.size} and {second.size} numbers cannot be compared",
            consequence="nothing was tested",
            next_step="give at least one finite number of each",
        )
    found = ks_2samp(first, second)
    return Tested(float(found.statistic), float(min(max(found.pvalue, np.finfo(float).tiny), 1.0)))
