"""Task vectors: how alike the directions are in which the source's and the target's tuning moved the weights.

Ilharco et al., "Editing Models with Task Arithmetic", ICLR 2023, compare tasks by the cosine of their task vectors,
tuned minus base weights. Here it is the cosine of the low-rank updates that are kept
(:func:`models.tuning.update.low_rank_update`): the inner product of ``a b'`` and ``c d'`` is the sum over all entries
of ``(a'c) * (b'd)``, so that no weight matrix is ever formed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import LowRankUpdate, Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _task_vector(inputs: Inputs) -> float:
    source, target = inputs.given[Need.SOURCE_UPDATE], inputs.given[Need.TARGET_UPDATE]
    squares = _inner(source, source) * _inner(target, target)
    if not squares > 0:
        raise ScoringError("an update is zero: tuning left the weights as they were")
    return _inner(source, target) / float(np.sqrt(squares))


def _inner(one: LowRankUpdate, other: LowRankUpdate) -> float:
    """Sum the inner products of the layers; a layer that one tuning left alone counts as zero there."""
    total = 0.0
    for name in sorted(one.factors.keys() & other.factors.keys()):
        (a, b), (c, d) = one.factors[name], other.factors[name]
        if len(a) != len(c) or len(b) != len(d):
            raise ScoringError(
                f"the updates of '{name}' are {len(a)} x {len(b)} and {len(c)} x {len(d)}: not of one encoder"
            )
        total += float(((a.T @ c) * (b.T @ d)).sum())
    return total


SCORER = Scorer(
    name="task_vector",
    title="Weight updates alike",
    paper="Ilharco et al., 'Editing Models with Task Arithmetic', ICLR 2023",
    tasks=frozenset(Task),
    compute=_task_vector,
    needs=frozenset({Need.SOURCE_UPDATE, Need.TARGET_UPDATE}),
)
