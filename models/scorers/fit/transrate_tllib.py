"""TransRate as the widely used library publishes it: every class counts alike, however few rows it has.

tllib (thuml's Transfer-Learning-Library, MIT) computes ``R(Z, eps) - mean over classes of R(Z_c, eps)`` from the
same coding rates as ``transrate``, which weighs each class by its share of the rows as the paper's conditional
rate does. The two are equal for classes of equal size. With unequal ones they differ: a small class has a small
rate (few rows span few directions), so this number rises as classes become more unequal, whatever the features.
Offered because published comparisons use it. tllib counts classes as ``max + 1`` and fails where a number between
them is not taken; here only the classes that occur count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.scorers.fit.coding_rate import class_rates
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _transrate_tllib(inputs: Inputs, *, eps: float) -> float:
    whole, rates, _ = class_rates(inputs, eps)
    return whole - float(rates.mean())


SCORER = Scorer(
    name="transrate_tllib",
    title="TransRate (classes alike)",
    paper="Huang et al., ICML 2022, in the form of tllib 0.4 (Jiang et al., 'Transferability in Deep Learning', 2022)",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_transrate_tllib,
    defaults={"eps": 1e-4},
    cost="cheap",
)
