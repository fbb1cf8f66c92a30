"""SEmb: TextEmb by a sentence encoder, which was trained so that nearness means something.

Poth, Pfeiffer, Rücklé, Gurevych, "What to Pre-Train on? Efficient Intermediate Task Selection", EMNLP 2021: mean
sentence embeddings of both datasets, compared by cosine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.scorers.data.centroids import centroid_similarity
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _semb(inputs: Inputs, *, metric: str) -> float:
    source, target = Need.SOURCE_SENTENCE_CENTROID, Need.TARGET_SENTENCE_CENTROID
    return centroid_similarity(inputs.given[source], inputs.given[target], metric=metric)


SCORER = Scorer(
    name="semb",
    title="Nearness of mean sentence embeddings",
    paper="Poth, Pfeiffer, Rücklé, Gurevych, 'What to Pre-Train on?', EMNLP 2021",
    tasks=frozenset(Task),
    compute=_semb,
    defaults={"metric": "cosine"},
    needs=frozenset({Need.SOURCE_SENTENCE_CENTROID, Need.TARGET_SENTENCE_CENTROID}),
    cost="cheap",
)
