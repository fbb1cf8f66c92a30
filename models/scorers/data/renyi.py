"""Rényi divergence of the target's unigram distribution from the source's.

Rényi, 1961: D(P || Q) = log(sum P^alpha Q^(1 - alpha)) / (alpha - 1), in nats; alpha = 0.99 as in Ruder, Plank,
"Learning to select data for transfer learning with Bayesian Optimization", EMNLP 2017. Below 1 it stays finite where
the source lacks some of the target's tokens, so nothing has to be smoothed; near 1 it is close to the
Kullback-Leibler divergence. P is the target: what the target says and the source does not is what counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.data.unigrams import source_and_target_shares
from models.scorers.needs import Need
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "renyi_divergence"]


def renyi_divergence(p: NDArray[np.float64], q: NDArray[np.float64], *, alpha: float = 0.99) -> float:
    """Divergence in nats of distribution p [v] from q [v], 0 or more; lower is more alike.

    Raises
    ------
    ScoringError
        If they have no token in common: the divergence is infinite.
    SettingsError
        If alpha is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise SettingsError(
            f"setting alpha is {alpha}, and must lie between 0 and 1",
            consequence="nothing was scored",
            next_step="leave it out, or choose 0.99",
        )
    both = (p > 0) & (q > 0)
    if not both.any():
        raise ScoringError(
            "source and target have no token in common, so the divergence is infinite",
            consequence="no score was stored",
            next_step="check that both are in the same language, or use jsd, which is 1 here",
        )
    affinity = float(np.exp(alpha * np.log(p[both]) + (1 - alpha) * np.log(q[both])).sum())
    return max(0.0, float(np.log(affinity) / (alpha - 1)))


def _renyi(inputs: Inputs, *, alpha: float) -> float:
    source, target = source_and_target_shares(inputs)
    return renyi_divergence(target, source, alpha=alpha)


SCORER = Scorer(
    name="renyi",
    title="Rényi divergence of unigrams",
    paper="Ruder, Plank, 'Learning to select data for transfer learning with Bayesian Optimization', EMNLP 2017",
    tasks=frozenset(Task),
    compute=_renyi,
    defaults={"alpha": 0.99},
    needs=frozenset({Need.SOURCE_TOKENS, Need.TARGET_TOKENS}),
    higher_is_better=False,
    cost="cheap",
)
