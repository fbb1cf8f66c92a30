"""Shares of classes: how far two samples are apart, and whether chance gives as much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.drift.result import Tested
from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["class_test", "total_variation"]


def total_variation(old: Sequence[Hashable], new: Sequence[Hashable]) -> float:
    """The total variation distance of two samples' class shares.

    Half the sum of the shares' differences, in [0, 1]: so large a share of one sample would have to change its class to
    have the shares of the other.

    Raises
    ------
    InputsError
        A sample is empty.
    """
    counts = _counts(old, new)
    return float(_distance(counts[0], counts[1]))


def class_test(
    old: Sequence[Hashable], new: Sequence[Hashable], *, permutations: int = 1999, seed: int = 0
) -> Tested:
    """Test whether two independent samples have the same class shares.

    By Pearson's chi-squared, which a rare new class moves as it should. Its distribution without a difference is
    that of relabelling the rows, which leaves the classes' counts in both samples together as they are: draws without
    replacement, right however rare a class.

    Returns
    -------
    Tested
        The total variation distance, and the p-value.

    Raises
    ------
    InputsError
        A sample is empty.
    """
    counts = _counts(old, new)
    both = counts.sum(axis=0)
    rng = np.random.default_rng(seed)
    first = rng.multivariate_hypergeometric(both, int(counts[0].sum()), size=permutations)
    share = counts[0].sum() / both.sum()
    drawn = _chi_squared(first, both, share)
    found = float(_chi_squared(counts[0], both, share))
    as_large = int((drawn >= found * (1 - 1e-9)).sum())
    return Tested(float(_distance(counts[0], counts[1])), (1 + as_large) / (permutations + 1))


def _chi_squared(first: NDArray[np.int64], both: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """Of the first sample's counts; with both samples' counts given, the second's add a constant factor only."""
    found: NDArray[np.float64] = ((first - share * both) ** 2 / both).sum(axis=-1)
    return found


def _distance(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = [counts / counts.sum(axis=-1, keepdims=True) for counts in (first, second)]
    found: NDArray[np.float64] = np.abs(shares[0] - shares[1]).sum(axis=-1) / 2
    return found


def _counts(old: Sequence[Hashable], new: Sequence[Hashable]) -> NDArray[np.int64]:
    if not len(old) or not len(new):
        raise InputsError(
            f"samples of {len(old)} and {len(new)} labels cannot be compared",
            consequence="nothing was tested",
            next_step="give at least one of each",
        )
    samples = Counter(old), Counter(new)
    classes = sorted({*samples[0], *samples[1]}, key=repr)
    return np.array([[sample[one] for one in classes] for sample in samples], dtype=np.int64)
