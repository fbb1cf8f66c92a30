"""Jensen-Shannon divergence of the unigram distributions of source and target.

Ruder, Plank, "Learning to select data for transfer learning with Bayesian Optimization", EMNLP 2017, after Lin, 1991:
half the divergence of each from the mean of both. In bits, so from 0 (the same shares) to 1 (no token in common).
The divergence itself, not its square root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.scorers.data.unigrams import source_and_target_shares
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "jensen_shannon"]


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Divergence in bits of two distributions [v], in [0, 1]; lower is more alike."""
    from scipy.special import rel_entr

    middle = (p + q) / 2
    bits = float((rel_entr(p, middle) + rel_entr(q, middle)).sum()) / 2 / np.log(2)
    return float(np.clip(bits, 0, 1))


def _jsd(inputs: Inputs) -> float:
    return jensen_shannon(*source_and_target_shares(inputs))


SCORER = Scorer(
    name="jsd",
    title="Jensen-Shannon divergence of unigrams",
    paper="Ruder, Plank, 'Learning to select data for transfer learning with Bayesian Optimization', EMNLP 2017",
    tasks=frozenset(Task),
    compute=_jsd,
    needs=frozenset({Need.SOURCE_TOKENS, Need.TARGET_TOKENS}),
    higher_is_better=False,
    cost="cheap",
)
