"""Which seeds an oracle knows, which pick the winner and which judge it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Split", "seed_splits"]


@dataclass(frozen=True, order=True)
class Split:
    """One way to share out a target's seeds, each a position among them.

    Attributes
    ----------
    known
        What the oracle of the floor sees; empty where there is one seed only.
    picks
        Seeds by whose mean the best is picked.
    judges
        Seeds by whose mean it is judged, so that the winner's luck does not count. The same as ``picks`` where there
        are too few seeds for both.
    """

    known: tuple[int, ...]
    picks: tuple[int, ...]
    judges: tuple[int, ...]


def seed_splits(n_seeds: int, *, most: int = 500, seed: int = 0) -> tuple[Split, ...]:
    """List every split: half of the seeds are known, the others are cut into two halves, either way round.

    Parameters
    ----------
    n_seeds
        How many seeds there are, at least 1. With two, the one that is not known both picks and judges; with one, it
        picks and judges and nothing is known.
    most
        Above so many splits a seeded sample of that many, without repetition.
    seed
        Of the sample.

    Returns
    -------
    tuple of Split
        In order.
    """
    if n_seeds < 1:
        raise ValueError("a split needs a seed")
    if n_seeds == 1:
        return (Split((), (0,), (0,)),)
    if n_seeds == 2:
        return (Split((0,), (1,), (1,)), Split((1,), (0,), (0,)))
    n_known = n_seeds // 2
    rest = n_seeds - n_known
    sizes = sorted({rest // 2, rest - rest // 2})
    if math.comb(n_seeds, n_known) * sum(math.comb(rest, size) for size in sizes) <= most:
        return tuple(_all(n_seeds, n_known, sizes))
    return tuple(sorted(_sample(n_seeds, n_known, sizes, most, np.random.default_rng(seed))))


def _all(n_seeds: int, n_known: int, sizes: list[int]) -> list[Split]:
    found = []
    for known in itertools.combinations(range(n_seeds), n_known):
        others = _without(range(n_seeds), known)
        for size in sizes:
            for picks in itertools.combinations(others, size):
                found.append(Split(known, picks, _without(others, picks)))
    return sorted(found)


def _sample(n_seeds: int, n_known: int, sizes: list[int], most: int, rng: np.random.Generator) -> set[Split]:
    found: set[Split] = set()
    while len(found) < most:
        order = [int(one) for one in rng.permutation(n_seeds)]
        cut = n_known + sizes[len(found) % len(sizes)]
        parts = order[:n_known], order[n_known:cut], order[cut:]
        found.add(Split(*(tuple(sorted(part)) for part in parts)))
    return found


def _without(seeds: range | tuple[int, ...], taken: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one for one in seeds if one not in taken)
