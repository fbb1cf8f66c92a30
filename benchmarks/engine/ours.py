"""Our engine on a batch of ESMs: what each costs, what the target costs once, and whether the scores are right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.engine.inputs import Target
from models.errors import SpringboardError
from models.esm import ESM
from models.ranking import LogmeOfMaps
from models.scorers import logme

__all__ = ["TOLERANCE", "Measured", "check", "score"]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Measured:
    """CPU seconds for each ESM of a batch, those of the target's preparation, and the scores."""

    each: float
    target: float
    scores: list[float]


def score(target: Target, esms: Sequence[ESM]) -> Measured:
    """Score a batch with a new engine.

    An ESM's cost is everything from its factors on. The target's is what the first ESM costs a new engine beyond what
    it costs one that knows the target.
    """
    times = [time.process_time()]
    engine = LogmeOfMaps(target.base, target.labels, target.task)
    for some in (esms[:1], esms[:1], esms):
        scores = _numbers(engine, some)
        times.append(time.process_time())
    first, again, every = (end - start for start, end in pairwise(times))
    return Measured(every / len(esms), max(first - again, 0.0), scores)


def check(target: Target, esms: Sequence[ESM], scores: Sequence[float]) -> float:
    """Largest difference from the definition on the mapped embeddings, over max(1, its size).

    Raises
    ------
    AssertionError
        It is above :data:`TOLERANCE`.
    """
    differences = []
    for esm, ours in zip(esms, scores, strict=True):
        defined = logme(esm.apply(target.base.astype(float)), target.labels, target.task)
        differences.append(abs(ours - defined) / max(1.0, abs(defined)))
    worst = max(differences)
    if not worst <= TOLERANCE:
        raise AssertionError(f"a score is {worst:.3g} away from its definition, and {TOLERANCE:g} is allowed")
    return worst


def _numbers(engine: LogmeOfMaps, esms: Sequence[ESM]) -> list[float]:
    scores = engine.scores(esms)
    for one in scores:
        if isinstance(one, SpringboardError):
            raise one
    return [float(one) for one in scores if not isinstance(one, SpringboardError)]
