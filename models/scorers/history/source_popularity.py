"""Source popularity: what the source gained on other targets, on average.

A source that helped many targets is a good guess for the next one, whatever that is: the mean effect of an
intermediate task over targets as tabled by Pruksachatkun et al., "Intermediate-Task Transfer Learning with Pretrained
Language Models: When and Why Does It Work?", ACL 2020. It says nothing about this target, and is the baseline that
every score which reads the target has to beat. Results on the target itself are left out by whoever supplies them.
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


def _source_popularity(inputs: Inputs) -> float:
    gains = np.asarray(inputs.given[Need.PAST_GAINS], dtype=np.float64)
    if not gains.size:
        raise ScoringError(
            "no transfer results of this source on other targets are recorded yet",
            consequence="no score was stored",
            next_step="fine-tune on the source and then on a few targets, record what each gained, and refresh",
        )
    if not np.isfinite(gains).all():
        raise ScoringError(
            f"{int(np.count_nonzero(~np.isfinite(gains)))} of {gains.size} recorded gains are not finite",
            consequence="no score was stored",
            next_step="correct or withdraw those records",
        )
    return float(gains.mean())


SCORER = Scorer(
    name="source_popularity",
    title="Mean gain on other targets",
    paper="Pruksachatkun et al., 'Intermediate-Task Transfer Learning with Pretrained Language Models', ACL 2020",
    tasks=frozenset(Task),
    compute=_source_popularity,
    needs=frozenset({Need.PAST_GAINS}),
    cost="cheap",
)
