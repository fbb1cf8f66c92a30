"""TaskEmb: how alike the weights are that matter for the source and for the target.

Vu et al., "Exploring and Predicting Transferability across NLP Tasks", EMNLP 2020: a task's embedding is the diagonal
of the empirical Fisher information of the encoder tuned on it (Achille et al., "Task2Vec", ICCV 2019), and two tasks
are compared by the cosine. With ``relative=True`` each entry is first divided by the sum of both tasks' (the
symmetric distance of Task2Vec), so that a few layers with large gradients do not decide alone.

The Fisher here is averaged over the incoming weights of each unit, see :func:`models.tuning.fisher.diagonal_fisher`.
Vu et al. compare several components of BERT and fuse the rankings; this is one cosine over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _taskemb(inputs: Inputs, *, relative: bool) -> float:
    source, target = (
        np.asarray(inputs.given[need], dtype=np.float64) for need in (Need.SOURCE_FISHER, Need.TARGET_FISHER)
    )
    if source.shape != target.shape or source.ndim != 1:
        raise ScoringError(
            f"the Fisher vectors of source {source.shape} and target {target.shape} are not of one encoder"
        )
    if relative:
        both = source + target
        # A weight that matters for neither task says nothing about them.
        present = both > 0
        source, target = source[present] / both[present], target[present] / both[present]
    norms = float(np.linalg.norm(source) * np.linalg.norm(target))
    if not norms > 0:
        raise ScoringError("a Fisher vector is zero: nothing of that encoder matters for its task")
    return float(source @ target) / norms


SCORER = Scorer(
    name="taskemb",
    title="Task embeddings (Fisher) alike",
    paper="Vu et al., 'Exploring and Predicting Transferability across NLP Tasks', EMNLP 2020",
    tasks=frozenset(Task),
    compute=_taskemb,
    defaults={"relative": False},
    needs=frozenset({Need.SOURCE_FISHER, Need.TARGET_FISHER}),
)
