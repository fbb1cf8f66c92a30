"""From results to full blocks: for each target the seeds and sources that can be compared, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.evaluation.truth import BASELINE, Truth
from models.errors import UnreadableError
from models.evaluation import TargetTruth

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LeftOut", "Matrix", "Target", "matrix_of"]

_NEARLY_ALL = 0.9
"""A seed counts when so many of a target's sources have it (and all seeds before it)."""


@dataclass(frozen=True)
class Target:
    """One target's block: every candidate has every seed."""

    name: str
    candidates: tuple[str, ...]
    seeds: tuple[int, ...]
    truth: TargetTruth


@dataclass(frozen=True)
class LeftOut:
    """One thing that does not count, and why; ``seed`` or ``source`` where it is about one."""

    target: str
    reason: str
    seed: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Matrix:
    """The blocks of all targets.

    Attributes
    ----------
    sources
        Names of all candidates, in order.
    groups
        [sources]: the group of each, as a number.
    targets
        In the order of names.
    left_out
        What there is in the table and does not count.
    """

    sources: tuple[str, ...]
    groups: NDArray[np.int64]
    targets: tuple[Target, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def pairs(self) -> int:
        """How many pairs of a source and a target count."""
        return sum(len(target.candidates) for target in self.targets)


def matrix_of(truth: Truth) -> Matrix:
    """Choose the block of each target.

    Of a matrix that is still being computed not every pair has every seed. A target's seeds count as long as nine
    tenths of its sources have them all, the most frequent first; then its sources that have all of those count.

    Raises
    ------
    UnreadableError
        No target has two sources.
    """
    left_out = [LeftOut(name, "a dataset is no source for itself", source=name) for name in truth.onto_itself]
    blocks = {}
    for target, results in sorted(truth.results.items()):
        seeds = _seeds_that_count(results)
        candidates = tuple(sorted(source for source, runs in results.items() if set(seeds) <= set(runs)))
        left_out += _not_counted(target, results, seeds, candidates)
        if len(candidates) < 2:
            left_out.append(LeftOut(target, f"only {len(candidates)} source can be compared"))
        else:
            blocks[target] = (candidates, seeds)
            left_out += _baseline_not_there(target, truth.baselines.get(target, {}), seeds)
    for target in sorted(set(truth.baselines) - set(truth.results)):
        left_out.append(LeftOut(target, "only its baseline was measured"))
    if not blocks:
        raise UnreadableError(
            "no target of the results has two sources with the same seed",
            consequence="nothing was evaluated",
            next_step=f"add results: at least two sources (beside '{BASELINE}') on one target at one seed",
        )
    sources = tuple(sorted({name for candidates, _ in blocks.values() for name in candidates}))
    at = {name: place for place, name in enumerate(sources)}
    targets = tuple(
        Target(name, candidates, seeds, _truth_of(truth, name, candidates, seeds, at))
        for name, (candidates, seeds) in blocks.items()
    )
    return Matrix(sources, _group_numbers(sources, truth.groups), targets, tuple(left_out))


def _seeds_that_count(results: Mapping[str, Mapping[int, float]]) -> tuple[int, ...]:
    counts = Counter(seed for runs in results.values() for seed in runs)
    ordered = sorted(counts, key=lambda seed: (-counts[seed], seed))
    chosen = ordered[:1]
    for seed in ordered[1:]:
        having = sum(set(runs) >= {*chosen, seed} for runs in results.values())
        if having < _NEARLY_ALL * len(results):
            break
        chosen.append(seed)
    return tuple(sorted(chosen))


def _not_counted(
    target: str,
    results: Mapping[str, Mapping[int, float]],
    seeds: tuple[int, ...],
    candidates: tuple[str, ...],
) -> list[LeftOut]:
    found = []
    counts = Counter(seed for runs in results.values() for seed in runs)
    for seed in sorted(set(counts) - set(seeds)):
        found.append(LeftOut(target, f"{counts[seed]} of {len(results)} sources have it", seed=seed))
    for source in sorted(set(results) - set(candidates)):
        lacking = ", ".join(str(seed) for seed in seeds if seed not in results[source])
        found.append(LeftOut(target, f"no result at seed {lacking}", source=source))
    return found


def _baseline_not_there(target: str, runs: Mapping[int, float], seeds: tuple[int, ...]) -> list[LeftOut]:
    """Say where gains do not go by the baseline at the seeds that count."""
    lacking = [str(seed) for seed in seeds if seed not in runs]
    if not runs or not lacking:
        return []
    reason = f"no result at seed {', '.join(lacking)}: gains go by what it reached at other seeds"
    return [LeftOut(target, reason, source=BASELINE)]


def _truth_of(
    truth: Truth, target: str, candidates: tuple[str, ...], seeds: tuple[int, ...], at: Mapping[str, int]
) -> TargetTruth:
    results = truth.results[target]
    scores = np.array([[results[source][seed] for seed in seeds] for source in candidates], dtype=np.float64)
    baseline = truth.baselines.get(target, {})
    runs = [baseline[seed] for seed in seeds if seed in baseline] or list(baseline.values())
    members = np.array([at[source] for source in candidates], dtype=np.int64)
    return TargetTruth(members, scores, float(np.mean(runs)) if runs else None)


def _group_numbers(sources: tuple[str, ...], groups: Mapping[str, str]) -> NDArray[np.int64]:
    # A source without a group is one of its own, whatever the groups are called.
    keys = [(True, groups[name]) if name in groups else (False, name) for name in sources]
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)
