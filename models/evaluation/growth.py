"""How regret grows with the pool: in a small one nobody can be far wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.choosing import Bools, Floats
from models.evaluation.comparing import TargetTruth
from models.evaluation.contest import Contest

__all__ = ["AtSize", "pool_sizes", "regret_by_pool_size"]

_STEPS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_ALIKE = 0.8


@dataclass(frozen=True)
class AtSize:
    """Mean regret over targets in pools of one size, in percent; None where it is not defined."""

    size: int
    regret: Mapping[str, float | None]
    floor: float | None


def pool_sizes(truths: Sequence[TargetTruth]) -> tuple[list[int], list[int]]:
    """Return the sizes to look at, and the targets that have enough sources for all of them.

    Targets with fewer than 80 % of the largest pool are left out, lest the curve change targets on its way.
    """
    counts = [len(truth.members) for truth in truths]
    kept = [at for at, count in enumerate(counts) if count >= _ALIKE * max(counts)]
    smallest = min(counts[at] for at in kept)
    return [*(step for step in _STEPS if step < smallest), smallest], kept


def regret_by_pool_size(
    truths: Sequence[TargetTruth],
    predictions: Mapping[str, Sequence[Floats | None]],
    sizes: Sequence[int],
    *,
    k: int = 5,
    draws: int = 200,
    seed: int = 0,
) -> list[AtSize]:
    """Regret of the first k in random pools.

    Parameters
    ----------
    truths
        Targets, each with at least as many candidates as the largest size.
    predictions
        As for :func:`~models.evaluation.comparing.compare`; a target without any is left out for that scorer.
    sizes
        Numbers of candidates.
    k, draws, seed
        How many are tried; how many random pools of each size a target.
    """
    rng = np.random.default_rng(seed)
    found = []
    for size in sizes:
        of_scorer: dict[str, list[float]] = {name: [] for name in predictions}
        floors = []
        for at, truth in enumerate(truths):
            pools = _drawn(len(truth.members), size, draws, rng)
            contest = Contest(truth.scores, truth.baseline, pools, ks=(k,), most_splits=60, seed=seed)
            floors.append(_finite_mean(contest.floor[k]))
            for name, given in predictions.items():
                predicted = given[at]
                if predicted is not None:
                    of_scorer[name].append(_finite_mean(contest.regret(predicted, k)))
        regrets = {name: _or_none(values) for name, values in of_scorer.items()}
        found.append(AtSize(size, regrets, _or_none(floors)))
    return found


def _drawn(n: int, size: int, draws: int, rng: np.random.Generator) -> Bools:
    if size >= n:
        return np.ones((1, n), dtype=np.bool_)
    order = rng.random((draws, n)).argsort(axis=1)
    return np.asarray(order < size)


def _finite_mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _or_none(values: Sequence[float]) -> float | None:
    mean = _finite_mean(np.asarray(values, dtype=np.float64))
    return mean if np.isfinite(mean) else None
