"""Made-up results of transfers, and regret worked out from its definition, the slow way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.evaluation import TargetTruth

__all__ = ["made_up_truths", "slow_floor", "slow_regret"]

Floats = NDArray[np.float64]


def made_up_truths(
    n_targets: int, n_sources: int, n_seeds: int, *, noise: float = 0.01, seed: int = 0
) -> list[TargetTruth]:
    rng = np.random.default_rng(seed)
    helpful = rng.normal(0.0, 0.02, n_sources)
    found = []
    for _ in range(n_targets):
        true = 0.7 + helpful + rng.normal(0.0, 0.02, n_sources)
        scores = true[:, None] + rng.normal(0.0, noise, (n_sources, n_seeds))
        found.append(TargetTruth(np.arange(n_sources), scores, 0.7))
    return found


def slow_regret(scores: Floats, predicted: Floats, k: int) -> float:
    """Mean over the splits and over every order that agrees with the predictions."""
    orders = [
        order
        for order in itertools.permutations(range(len(predicted)))
        if all(predicted[a] >= predicted[b] for a, b in itertools.pairwise(order))
    ]
    return float(
        np.mean(
            [
                _split_regret(scores, order[:k], picks, judges)
                for order in orders
                for _, picks, judges in _splits(scores.shape[1])
            ]
        )
    )


def slow_floor(scores: Floats, k: int) -> float:
    regrets = []
    for known, picks, judges in _splits(scores.shape[1]):
        means = scores[:, known].mean(axis=1)
        chosen = sorted(range(len(means)), key=lambda one: (-means[one], one))[:k]
        regrets.append(_split_regret(scores, chosen, picks, judges))
    return float(np.mean(regrets))


def _splits(n_seeds: int) -> list[tuple[list[int], list[int], list[int]]]:
    if n_seeds == 1:
        return [([], [0], [0])]
    if n_seeds == 2:
        return [([0], [1], [1]), ([1], [0], [0])]
    found = []
    for known in itertools.combinations(range(n_seeds), n_seeds // 2):
        rest = [one for one in range(n_seeds) if one not in known]
        for size in {len(rest) // 2, len(rest) - len(rest) // 2}:
            for picks in itertools.combinations(rest, size):
                found.append((list(known), list(picks), [one for one in rest if one not in picks]))
    return found


def _split_regret(scores: Floats, chosen: Sequence[int], picks: list[int], judges: list[int]) -> float:
    by, judged = scores[:, picks].mean(axis=1), scores[:, judges].mean(axis=1)
    best = int(by.argmax())
    ours = max(sorted(chosen), key=lambda one: by[one])
    return float(100 * (judged[best] - judged[ours]) / judged[best])
