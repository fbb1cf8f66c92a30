"""How much of the target's vocabulary the source has.

Dai, Karimi, Hachey, Paris, "Using Similarity Measures to Select Pretraining Data for NER", NAACL 2019, call the
share of the target's distinct tokens that the source has too "target vocabulary covered", and find it predictive.
It never falls when a source grows; ``of="union"`` is the share of all tokens of either that both have
(Jaccard), which does not favour large sources as such. Tokens are the encoder's, special ones left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import SettingsError
from models.scorers.data.unigrams import source_and_target_shares
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.scorers.suggest import did_you_mean
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]

OF = ("target", "union")


def _vocabulary_overlap(inputs: Inputs, *, of: str) -> float:
    if of not in OF:
        raise SettingsError(
            f"setting of is {of!r}", consequence="nothing was scored", next_step=did_you_mean(of, OF)
        )
    source, target = source_and_target_shares(inputs)
    shared = int(np.count_nonzero((source > 0) & (target > 0)))
    return shared / (int(np.count_nonzero(target)) if of == "target" else target.size)


SCORER = Scorer(
    name="vocabulary_overlap",
    title="Target vocabulary covered",
    paper="Dai, Karimi, Hachey, Paris, 'Using Similarity Measures to Select Pretraining Data for NER', NAACL 2019",
    tasks=frozenset(Task),
    compute=_vocabulary_overlap,
    defaults={"of": "target"},
    needs=frozenset({Need.SOURCE_TOKENS, Need.TARGET_TOKENS}),
    cost="cheap",
)
