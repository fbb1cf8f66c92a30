"""TransRate by the paper's definition: the coding rate that knowing the class saves.

Huang, Huang, Rong, Yang, Wei, "Frustratingly Easy Transferability Estimation", ICML 2022:

    R(Z, eps) - R(Z, eps | Y)    with    R(Z, eps | Y) = sum over classes of  n_c / n * R(Z_c, eps)

and ``R(Z, eps) = 1/2 log det(I + Z'Z / (n eps))`` on features centred once, over all rows. This is the coding
rate given the labels: each class counts by its rows. There is a second published number, ``transrate_tllib``,
in which every class counts alike; they agree when classes are of equal size and only then.

Row order, label names, an added constant and rotation leave it alone. Scale does not: eps is a fixed error.
Classes only: for numbers the paper has no definition of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.scorers.fit.coding_rate import class_rates
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _transrate(inputs: Inputs, *, eps: float) -> float:
    whole, rates, shares = class_rates(inputs, eps)
    return whole - float(shares @ rates)


SCORER = Scorer(
    name="transrate",
    title="TransRate (paper)",
    paper="Huang et al., 'Frustratingly Easy Transferability Estimation', ICML 2022",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_transrate,
    defaults={"eps": 1e-4},
    cost="cheap",
)
