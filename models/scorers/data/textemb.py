"""TextEmb: how near the mean base embeddings of source and target are.

Vu, Wang, Munkhdalai, Sordoni, Trischler, Mattarella-Micke, Maji, Iyyer, "Exploring and Predicting Transferability
across NLP Tasks", EMNLP 2020: the encoder's last layer averaged over each text's tokens and then over the
dataset, compared by cosine. Here a text is pooled the way the encoder's settings say.
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


def _textemb(inputs: Inputs, *, metric: str) -> float:
    return centroid_similarity(
        inputs.given[Need.SOURCE_CENTROID], inputs.given[Need.TARGET_CENTROID], metric=metric
    )


SCORER = Scorer(
    name="textemb",
    title="Nearness of mean embeddings",
    paper="Vu et al., 'Exploring and Predicting Transferability across NLP Tasks', EMNLP 2020",
    tasks=frozenset(Task),
    compute=_textemb,
    defaults={"metric": "cosine"},
    needs=frozenset({Need.SOURCE_CENTROID, Need.TARGET_CENTROID}),
    cost="cheap",
)
