"""What calibration goes by: pairs of source and target, and what their transfers gained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models.errors import InputsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FEATURES", "UNKNOWN", "Evidence", "Pairs", "filled_stderr"]

FEATURES = ("lift", "standing", "log_source_rows", "log_target_rows", "nearness")
"""The columns of a pair: the score less the untouched encoder's; the share of the pool that scores lower, from -1
for the last to 1 for the first; logarithms of the rows; the cosine of the centroids."""

UNKNOWN = -1
"""Stands for a source or target that the evidence knows nothing of."""

_PRIOR_RUNS = 4.0
"""How many runs the noise of the other pairs counts for, against a pair's own few seeds."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """n pairs of source and target.

    Attributes
    ----------
    features
        float [n, 5], columns as :data:`FEATURES` names them; NaN where a value is not known.
    sources, targets
        int [n]: which source and which target, by numbers that mean the same in the evidence; -1 for others.
    """

    features: NDArray[np.float64]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.features)
        if self.features.shape != (n, len(FEATURES)):
            raise InputsError(f"pairs have features of shape {self.features.shape}, not [n, {len(FEATURES)}]")
        if self.sources.shape != (n,) or self.targets.shape != (n,):
            raise InputsError(f"{n} pairs have {len(self.sources)} sources and {len(self.targets)} targets")
        if np.isinf(self.features).any() or not np.isfinite(self.features[:, :2]).all():
            raise InputsError("a pair has a score that is not finite")

    def __len__(self) -> int:
        return len(self.features)

    def where(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.features[chosen], self.sources[chosen], self.targets[chosen])

    def as_new_target(self) -> Pairs:
        """The same pairs as if nothing was known of their target."""
        return Pairs(self.features, self.sources, np.full(len(self), UNKNOWN))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Pairs that were tried.

    Attributes
    ----------
    pairs
        Sources and targets have numbers from 0 on.
    gains
        float [n]: the result after transfer less the result without, in points (hundredths of the metric), the mean
        over a pair's runs.
    stderr
        float [n]: the standard error of each; see :func:`filled_stderr`.
    """

    pairs: Pairs
    gains: NDArray[np.float64]
    stderr: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.pairs)
        if self.gains.shape != (n,) or self.stderr.shape != (n,):
            raise InputsError(
                f"{n} pairs have {len(self.gains)} gains and {len(self.stderr)} standard errors"
            )
        if not (np.isfinite(self.gains).all() and np.isfinite(self.stderr).all()):
            raise InputsError("a gain or its standard error is not finite")
        if (self.pairs.targets < 0).any() or (self.pairs.sources < 0).any():
            raise InputsError("a pair of the evidence has no source or target")

    def __len__(self) -> int:
        return len(self.gains)

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """The targets' numbers, each once, in order."""
        return np.unique(self.pairs.targets)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """[n], of sum 1: every target counts the same, however many sources were tried on it."""
        _, which, counts = np.unique(self.pairs.targets, return_inverse=True, return_counts=True)
        return 1.0 / (counts[which] * len(counts))

    def where(self, chosen: NDArray[np.bool_]) -> Evidence:
        """The evidence of some of the pairs."""
        return Evidence(self.pairs.where(chosen), self.gains[chosen], self.stderr[chosen])

    def without(self, target: int) -> Evidence:
        """The evidence of all other targets."""
        return self.where(self.pairs.targets != target)


def filled_stderr(
    stderr: NDArray[np.float64], seeds: NDArray[np.int64], targets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give every gain a standard error that two or three seeds alone could not give.

    A variance from three seeds may be off by a factor of ten, and one seed has none. So each pair's variance of a run
    is taken together with that of its target's pairs, which counts for four runs; a target without any takes that of
    all.

    Parameters
    ----------
    stderr
        float [n], of a mean over seeds; NaN where there was one seed.
    seeds
        int [n].
    targets
        int [n].

    Returns
    -------
    float [n]
        Zeros where no pair has two seeds: nothing is known of the noise then.
    """
    runs = np.where(seeds > 1, seeds, 1).astype(np.float64)
    known = np.isfinite(stderr) & (seeds > 1)
    freedom = np.where(known, runs - 1.0, 0.0)
    squares = np.where(known, np.where(known, stderr, 0.0) ** 2 * runs, 0.0) * freedom
    if not known.any():
        return np.zeros(len(stderr))
    prior = np.full(len(stderr), squares.sum() / freedom.sum())
    for target in np.unique(targets):
        mine = targets == target
        if freedom[mine].sum() > 0:
            prior[mine] = squares[mine].sum() / freedom[mine].sum()
    variance = (_PRIOR_RUNS * prior + squares) / (_PRIOR_RUNS + freedom)
    filled: NDArray[np.float64] = np.sqrt(variance / runs)
    return filled
