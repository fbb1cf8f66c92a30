"""Is one ranking good for every target? A rule that never looks at the target, and how far it can get.

Singh, Hess and Vanschoren, "How NOT to benchmark your SITE metric", 2025, show benchmarks on which a fixed list of
models beats every score: where all targets rank the candidates alike, a benchmark cannot tell a score from a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.agreement import spearman
from models.evaluation.choosing import Floats, Ints
from models.evaluation.comparing import TargetTruth
from models.evaluation.splits import seed_splits

__all__ = ["Likeness", "likeness", "popularity"]

_FEWEST = 3
"""Two sources are always ranked perfectly alike or perfectly unlike."""


def popularity(truths: Sequence[TargetTruth], n_sources: int) -> tuple[list[Floats | None], bool]:
    """Score each source by its mean gain on the other targets.

    Returns
    -------
    predictions
        For each target [candidates], minus infinity for a source that no other target tried; None where that is every
        one.
    over_baseline
        Whether gains are over no transfer. Where some target has no baseline they are over the target's mean source.
    """
    over_baseline = all(truth.baseline is not None for truth in truths)
    gains = np.full((len(truths), n_sources), np.nan)
    for at, truth in enumerate(truths):
        means = truth.scores.mean(axis=1)
        zero = truth.baseline if over_baseline and truth.baseline is not None else float(means.mean())
        gains[at, truth.members] = means - zero
    there = np.isfinite(gains)
    sums, counts = np.where(there, gains, 0.0), there.astype(np.float64)
    found: list[Floats | None] = []
    for at, truth in enumerate(truths):
        total, tried = sums.sum(axis=0) - sums[at], counts.sum(axis=0) - counts[at]
        mean = np.where(tried > 0, total / np.maximum(tried, 1.0), -np.inf)[truth.members]
        found.append(mean if np.isfinite(mean).any() else None)
    return found, over_baseline


@dataclass(frozen=True)
class Likeness:
    """How alike targets rank their sources, as mean Spearman correlations; None where it cannot be said.

    Attributes
    ----------
    between
        Between two targets, by the means over all seeds.
    between_halves
        Between two targets, one half of the seeds of each: as noisy as ``ceiling``.
    ceiling
        Between two halves of the seeds of the same target: as alike as noise lets two rankings be.
    pairs
        How many pairs of targets.
    """

    between: float | None
    between_halves: float | None
    ceiling: float | None
    pairs: int


def likeness(truths: Sequence[TargetTruth], *, most_splits: int = 20, seed: int = 0) -> Likeness:
    """Compare the rankings of every two targets, over the sources both have tried (at least three)."""
    whole, halved, own = [], [], []
    halves = [_halves(truth, most_splits, seed) for truth in truths]
    for a, first in enumerate(truths):
        own += [_correlation(one, other) for one, other in halves[a]]
        for b in range(a + 1, len(truths)):
            at_a, at_b = _shared(first, truths[b])
            if len(at_a) < _FEWEST:
                continue
            whole.append(_correlation(first.scores.mean(axis=1)[at_a], truths[b].scores.mean(axis=1)[at_b]))
            for (one, _), (_, other) in zip(halves[a], halves[b], strict=False):
                halved.append(_correlation(one[at_a], other[at_b]))
    return Likeness(_mean(whole), _mean(halved), _mean(own), len(whole))


def _halves(truth: TargetTruth, most: int, seed: int) -> list[tuple[Floats, Floats]]:
    n_seeds = truth.scores.shape[1]
    if n_seeds < 2 or len(truth.scores) < _FEWEST:
        return []
    known = dict.fromkeys(split.known for split in seed_splits(n_seeds, most=most, seed=seed))
    return [
        (
            truth.scores[:, list(half)].mean(axis=1),
            np.delete(truth.scores, list(half), axis=1).mean(axis=1),
        )
        for half in known
    ]


def _shared(one: TargetTruth, other: TargetTruth) -> tuple[Ints, Ints]:
    _, at_one, at_other = np.intersect1d(one.members, other.members, return_indices=True)
    return at_one, at_other


def _correlation(a: Floats, b: Floats) -> float:
    return float(spearman(a, b, np.ones((1, len(a)), dtype=np.bool_))[0])


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else None
