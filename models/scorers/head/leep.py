"""LEEP: how well the source head's probabilities, translated into the target's labels, predict them.

Nguyen, Hassner, Seeger, Archambeau, "LEEP: A New Measure to Evaluate Transferability of Learned
Representations", ICML 2020. With p_z(x) the head's probability of the source class z, the joint distribution
P(y, z) = mean over rows of p_z(x) [label is y] gives P(y | z), and the score is the mean over rows of
log sum_z P(y | z) p_z(x). It is at most 0. Here x are the features as the source's map or its tuned encoder
gives them, which is what the head was trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.scorers.head.outputs import head_probabilities
from models.scorers.needs import Need
from models.scorers.scorer import FIT, Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "leep"]


def leep(probabilities: NDArray[np.float64], one_hot: NDArray[np.float64]) -> float:
    """Score source class probabilities [n, z] for target classes given as indicators [n, c].

    Returns
    -------
    float
        Log-likelihood per row in nats, at most 0; higher is better.
    """
    joint = one_hot.T @ probabilities / one_hot.shape[0]
    mass = joint.sum(axis=0)
    # A source class whose probability underflows in every row says nothing, and takes no part.
    given_source = np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0)
    of_own_label = (probabilities @ given_source.T * one_hot).sum(axis=1)
    return float(np.mean(np.log(of_own_label)))


def _leep(inputs: Inputs) -> float:
    return leep(head_probabilities(inputs), inputs.one_hot)


SCORER = Scorer(
    name="leep",
    title="Log expected empirical prediction",
    paper="Nguyen, Hassner, Seeger, Archambeau, 'LEEP', ICML 2020",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_leep,
    needs=FIT | {Need.SOURCE_HEAD},
    cost="cheap",
)
