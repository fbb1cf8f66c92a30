"""Made-up inputs for any scorer, by what it says it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ScoringError
from models.scorers import LowRankUpdate, Need, Scorer, TokenCounts
from models.tasks import Task
from models.tuning.head import Head

__all__ = ["MadeUp", "made_up", "score_of", "task_of"]


@dataclass
class MadeUp:
    """A target with what several sources offer for it."""

    features: NDArray[np.float64]
    labels: NDArray[Any]
    task: Task
    sources: list[dict[Need, Any]]


def task_of(scorer: Scorer) -> Task:
    """A task type the scorer takes, classification where it can."""
    return next(task for task in Task if task in scorer.tasks)


def made_up(
    task: Task, *, n: int = 60, d: int = 8, classes: int = 3, sources: int = 3, seed: int = 0
) -> MadeUp:
    """A target that its features say something about, and all that any scorer may ask for of each source."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(n) % classes)
    centres = rng.normal(size=(classes, d))
    base = centres[ids] + rng.normal(size=(n, d)) + 0.5
    labels = base @ rng.normal(size=d) + rng.normal(size=n) if task.is_regression else ids
    offers = [_offer(rng, base, number) for number in range(sources)]
    return MadeUp(offers[0][Need.FEATURES], labels, task, offers)


def _offer(rng: np.random.Generator, base: NDArray[np.float64], number: int) -> dict[Need, Any]:
    d = base.shape[1]
    features = base @ (np.eye(d) + 0.1 * rng.normal(size=(d, d))) + 0.1 * rng.normal(size=d)
    sample = rng.normal(size=(40, d)) + number
    ids = np.sort(rng.choice(200, size=(2, 50), replace=True), axis=1)
    tokens = [TokenCounts(*np.unique(row, return_counts=True)) for row in ids]
    updates = [
        LowRankUpdate({"layer.0": (rng.normal(size=(d, 2)), rng.normal(size=(d, 2)))}) for _ in range(2)
    ]
    head = Head(
        rng.normal(size=(4, d)).astype(np.float32), rng.normal(size=4).astype(np.float32), tuple("abcd")
    )
    return {
        Need.FEATURES: features,
        Need.BASE_FEATURES: base,
        Need.SOURCE_HEAD: head,
        Need.SOURCE_SAMPLE: sample,
        Need.SOURCE_CENTROID: sample.mean(axis=0),
        Need.TARGET_CENTROID: base.mean(axis=0),
        Need.SOURCE_SENTENCE_CENTROID: rng.normal(size=5),
        Need.TARGET_SENTENCE_CENTROID: rng.normal(size=5),
        Need.SOURCE_TOKENS: tokens[0],
        Need.TARGET_TOKENS: tokens[1],
        Need.SOURCE_TOKEN_VECTORS: rng.normal(size=(30, d)),
        Need.TARGET_TOKEN_VECTORS: rng.normal(size=(25, d)),
        Need.SOURCE_ROWS: 100 + number,
        Need.PAST_GAINS: rng.normal(size=5),
        Need.SOURCE_FISHER: rng.random(12),
        Need.TARGET_FISHER: rng.random(12),
        Need.SOURCE_UPDATE: updates[0],
        Need.TARGET_UPDATE: updates[1],
    }


def score_of(scorer: Scorer, target: MadeUp, **settings: Any) -> list[float]:
    """The scorer's numbers for the target: one a source if it is joint, else that of the first source."""
    if scorer.joint:
        together = scorer.score_together(target.sources, target.labels, target.task, **settings)
        return [answer for answer in together if not isinstance(answer, ScoringError)]
    offer = {**target.sources[0], Need.FEATURES: target.features}
    features = target.features if Need.FEATURES in scorer.needs else None
    return [scorer.score(features, target.labels, target.task, given=offer, **settings)]
