"""Scorers side by side over all targets, with intervals that take both targets and sources for a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.choosing import Floats, Ints
from models.evaluation.contest import KS, MEASURES, Contest

__all__ = ["ORACLE", "RANDOM", "Comparison", "Interval", "TargetTruth", "compare", "groups_needed"]

RANDOM, ORACLE = "random", "oracle_half"
"""Rows that need no predictions."""

_LEAST_TARGETS = 2
"""Of one alone nobody can say what others would have shown."""

_GROUPS_A_CHOICE, _LEAST_GROUPS = 3, 8
"""A resample holds about 0.63 of the groups: with fewer than three for each source that is tried, too many resamples
hold little more than what is chosen from them, and the regret in them is next to nothing."""


def groups_needed(measure: str) -> int:
    """How many groups of sources it takes for an interval of a measure: three for each source that it lets try."""
    k = measure.rpartition("@")[2]
    return max(_GROUPS_A_CHOICE * int(k) if k.isdigit() else 0, _LEAST_GROUPS)


@dataclass(frozen=True)
class TargetTruth:
    """What fine-tuning showed on one target.

    Attributes
    ----------
    members
        [candidates]: which of all sources its candidates are.
    scores
        [candidates, seeds]: results, none missing.
    baseline
        Mean result without transfer, or None.
    """

    members: Ints
    scores: Floats
    baseline: float | None


@dataclass(frozen=True)
class Interval:
    """A mean over targets with its 95 % interval; None where it is not defined.

    There is no interval of fewer than two targets, or of fewer groups of sources than :func:`groups_needed`.
    """

    value: float | None
    low: float | None
    high: float | None


class Comparison:
    """Measures of every scorer on every target and in every resample.

    Parameters
    ----------
    values
        Scorer -> measure -> [1 + resamples, targets]; the first row is the real pool, NaN where a scorer has no score
        for a target or a measure is not defined.
    weights
        [1 + resamples, targets]: how often each target was drawn; the first row is all ones.
    floor
        k -> [1 + resamples, targets].
    groups
        How many groups of sources were drawn from.
    """

    def __init__(
        self,
        values: Mapping[str, Mapping[str, Floats]],
        weights: Floats,
        floor: Mapping[int, Floats],
        groups: int,
    ) -> None:
        self.values, self.weights, self.floors, self.groups = values, weights, floor, groups

    @property
    def resamples(self) -> int:
        """How many there are."""
        return len(self.weights) - 1

    def on_target(self, scorer: str, measure: str, target: int) -> float | None:
        """Return a measure on one target, in the real pool."""
        return _number(self.values[scorer][measure][0, target])

    def mean(self, scorer: str, measure: str) -> Interval:
        """Return a measure's mean over targets."""
        return self._interval(self.values[scorer][measure], measure)

    def floor(self, k: int) -> Interval:
        """Return the mean floor over targets."""
        return self._interval(self.floors[k], f"regret@{k}")

    def difference(self, one: str, other: str, measure: str) -> tuple[Interval, int]:
        """Return ``one - other`` over the targets both have a score for, and how many these are."""
        gap = self.values[one][measure] - self.values[other][measure]
        return self._interval(gap, measure), int(np.isfinite(gap[0]).sum())

    def targets(self, scorer: str, measure: str) -> int:
        """Return on how many targets a measure of a scorer is defined."""
        return int(np.isfinite(self.values[scorer][measure][0]).sum())

    def _interval(self, value: Floats, measure: str) -> Interval:
        there = np.isfinite(value)
        weights = np.where(there, self.weights, 0.0)
        total = weights.sum(axis=1)
        means = np.full(len(value), np.nan)
        fine = total > 0
        means[fine] = (weights * np.where(there, value, 0.0)).sum(axis=1)[fine] / total[fine]
        drawn = means[1:][np.isfinite(means[1:])]
        few = there[0].sum() < _LEAST_TARGETS or self.groups < groups_needed(measure)
        if not np.isfinite(means[0]) or drawn.size < 2 or few:
            return Interval(_number(means[0]), None, None)
        # A resample holds fewer sources than the pool, and the best of fewer is less good: a shift that says nothing
        # about noise. The intervals are put back to where the estimate is.
        low, high = means[0] + np.quantile(drawn, [0.025, 0.975]) - drawn.mean()
        return Interval(float(means[0]), float(low), float(high))


def compare(
    truths: Sequence[TargetTruth],
    predictions: Mapping[str, Sequence[Floats | None]],
    groups: Ints,
    *,
    resamples: int = 1000,
    most_splits: int = 500,
    seed: int = 0,
) -> Comparison:
    """Hold rankings against the truth of several targets.

    Parameters
    ----------
    truths
        One a target.
    predictions
        Scorer -> for each target [candidates], the highest first and minus infinity for one without a score, or None
        where it has no score at all. :data:`RANDOM` and :data:`ORACLE` are added.
    groups
        [sources]: the group of each source; a resample draws whole groups, since two halves of one dataset are no two
        witnesses.
    resamples
        How many bootstrap samples of targets and of groups, both with replacement. A source drawn twice is one
        candidate: nobody tries it twice.
    most_splits, seed
        Of :func:`~models.evaluation.splits.seed_splits`; the seed also draws the resamples.

    Raises
    ------
    ValueError
        There is no target.
    """
    if not truths:
        raise ValueError("there is no target to compare on")
    rng = np.random.default_rng(seed)
    pools = _pools(groups, resamples, rng)
    weights = _weights(len(truths), resamples, rng)
    values = {
        name: {measure: np.full((resamples + 1, len(truths)), np.nan) for measure in MEASURES}
        for name in (*predictions, RANDOM, ORACLE)
    }
    floor = {k: np.full((resamples + 1, len(truths)), np.nan) for k in KS}
    for at, truth in enumerate(truths):
        contest = Contest(
            truth.scores, truth.baseline, pools[:, truth.members], most_splits=most_splits, seed=seed
        )
        rows = {name: given[at] for name, given in predictions.items()}
        for name, predicted in (rows | {RANDOM: np.zeros(len(truth.scores))}).items():
            if predicted is not None:
                _store(values[name], at, contest.measure(predicted))
        if truth.scores.shape[1] > 1:
            _store(values[ORACLE], at, contest.measure_oracle())
        for k, value in contest.floor.items():
            floor[k][:, at] = value
    return Comparison(values, weights, floor, len(np.unique(groups)))


def _store(into: Mapping[str, Floats], at: int, found: Mapping[str, Floats]) -> None:
    for measure, value in found.items():
        into[measure][:, at] = value


def _pools(groups: Ints, resamples: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    names, of_source = np.unique(groups, return_inverse=True)
    drawn = np.zeros((resamples + 1, len(names)), dtype=np.bool_)
    drawn[0] = True
    picks = rng.integers(len(names), size=(resamples, len(names)))
    drawn[np.arange(1, resamples + 1)[:, None], picks] = True
    return np.asarray(drawn[:, of_source])


def _weights(n_targets: int, resamples: int, rng: np.random.Generator) -> Floats:
    drawn = rng.multinomial(n_targets, np.full(n_targets, 1.0 / n_targets), size=resamples)
    return np.concatenate([np.ones((1, n_targets)), drawn]).astype(np.float64)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
