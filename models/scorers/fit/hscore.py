"""H-score: how much of the whitened features' variance lies between classes.

Bao, Li, Huang, Zhang, Zheng, Zamir, Guibas, "An Information-Theoretic Approach to Transferability in Task Transfer
Learning", ICIP 2019: ``tr(cov(f)^-1 cov(E[f|Y]))``. It lies in [0, c - 1] and does not change under any
invertible affine map of the features. Where cov(f) has no inverse its pseudo-inverse stands for it.

With n - 1 <= d and features in general position the classes are always told apart in sample: every source then
scores exactly c - 1, which says nothing. ``hscore_shrunk`` is the one to use there. The paper defines it for
classes only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.scorers.fit.between import between_shares
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _hscore(inputs: Inputs) -> float:
    return float(between_shares(inputs)[1].sum())


SCORER = Scorer(
    name="hscore",
    title="H-score",
    paper="Bao et al., 'An Information-Theoretic Approach to Transferability', ICIP 2019",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_hscore,
    cost="cheap",
)
