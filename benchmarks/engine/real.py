"""Real ESMs and targets, where the benchmark ``esm`` has left some in scratch: what made-up ones are held against."""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.engine.inputs import Target
from benchmarks.esm.pool import FOLDS, Made, made_sources, made_targets
from models.esm import ESM, Moments, fit_esm

__all__ = ["FEWEST", "real_esms", "real_targets"]

FEWEST = 8
"""Sources without which there are no real ESMs to speak of."""

_NAMES = ("tweeteval_irony", "banking77", "emoint_anger")
"""2 classes, 77 classes and a regression."""

_STRENGTHS = (1e-2, 1e-1, 1.0)


def real_targets() -> dict[str, Target]:
    """Name and kind of labels -> target of 1,000 real rows with its own labels; empty where there are none."""
    if len(_sources()) < FEWEST:
        return {}
    found = (_target(one) for one in made_targets() if one.name in _NAMES)
    return dict(found)


def real_esms(rank: int, count: int) -> list[ESM]:
    """ESMs fitted to really tuned sources, in half precision as stored; all sources in turn until there are so many."""
    esms = [_fitted(number, rank) for number in range(min(count, len(_sources())))]
    return [esms[place % len(esms)] for place in range(count)]


@cache
def _sources() -> list[Made]:
    return made_sources()


@cache
def _moments(number: int) -> Moments:
    one = _sources()[number]
    return Moments.from_pairs(one.base, one.tuned, one.folds, FOLDS)


@cache
def _fitted(number: int, rank: int) -> ESM:
    arrays = fit_esm(_moments(number), rank=rank, strengths=_STRENGTHS).to_arrays()
    stored = {name: array.astype(np.float16) for name, array in arrays.items() if name in ("u", "v", "b")}
    return ESM.from_arrays({**arrays, **stored})


def _target(one: Made) -> tuple[str, Target]:
    if one.task.is_regression:
        values = np.asarray(one.labels, dtype=np.float64)
        # LogME of a regression depends on the scale of what is predicted; ours takes it out, others do not.
        labels = [float(value) for value in (values - values.mean()) / values.std()]
        return f"{one.name} (regression)", Target(one.base, labels, one.task)
    places = {label: place for place, label in enumerate(sorted(set(one.labels)))}
    target = Target(one.base, [places[label] for label in one.labels], one.task)
    return f"{one.name} ({len(places)} classes)", target
