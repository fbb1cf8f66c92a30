"""Negative conditional entropy of the target's labels given the source head's hard predictions.

Tran, Nguyen, Hassner, "Transferability and Hardness of Supervised Classification Tasks", ICCV 2019. The paper
has labels of both tasks on the same rows; as in later work (LEEP's comparison, for one), the source's labels are
the classes its head predicts. The score is -H(Y | Z) of the empirical joint distribution, in nats, from
-log(c) to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.scorers.head.outputs import hard_predictions, head_logits, joint_of_labels
from models.scorers.needs import Need
from models.scorers.scorer import FIT, Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER", "nce"]


def nce(target: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Score hard source classes, int [n] from 0, for target classes, int [n] from 0.

    Returns
    -------
    float
        -H(target | predicted) in nats, at most 0; higher is better.
    """
    from scipy.special import xlogy

    joint = joint_of_labels(target, predicted)
    # H(Y | Z) = H(Y, Z) - H(Z); rounding must not make knowing all look better than it is.
    return min(0.0, float(xlogy(joint, joint).sum() - xlogy(joint.sum(axis=0), joint.sum(axis=0)).sum()))


def _nce(inputs: Inputs) -> float:
    return nce(inputs.target, hard_predictions(head_logits(inputs)))


SCORER = Scorer(
    name="nce",
    title="Negative conditional entropy",
    paper="Tran, Nguyen, Hassner, 'Transferability and Hardness of Supervised Classification Tasks', ICCV 2019",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_nce,
    needs=FIT | {Need.SOURCE_HEAD},
    cost="cheap",
)
