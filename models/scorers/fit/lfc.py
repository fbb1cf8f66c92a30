"""LFC: how far the kernel of the features agrees with the kernel of the labels.

Deshpande, Achille, Ravichandran, Li, Zancato, Fowlkes, Bhotika, Soatto, Perona, "A linearized framework and a
new benchmark for model selection for fine-tuning", 2021: label-feature correlation. The feature kernel is
FF'; the label kernel is 1 for two rows of one class and -1 for two of different classes. Each has the mean of
all its n^2 entries taken off (not row by row), and the score is the cosine between the two: Pearson's
correlation of their entries, in [-1, 1].

Decisions (the formula is from memory, the paper's text could not be had). For regression the label kernel is
yy' of the standardised numbers, what the paper's squared loss gives before it turns to classes. As in the
paper, features are not centred, so adding a constant to them changes the score; ``center=True`` takes their
mean off first. Neither kernel is ever formed: sums of d x d or of n x n entries suffice, whichever is the
smaller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]


def _lfc(inputs: Inputs, *, center: bool) -> float:
    x = inputs.features - inputs.features.mean(axis=0) if center else inputs.features
    n, d = x.shape
    total = float(np.square(x.sum(axis=0)).sum())
    squares = float(np.square(x @ x.T if n < d else x.T @ x).sum())
    cross, label_total = _label_sums(inputs, x, total)
    spread = squares - (total / n) ** 2
    if spread <= 1e-12 * squares:
        raise ScoringError(
            f"scorer lfc: the kernel of the features {x.shape} is the same for all pairs of rows",
            consequence="no score was stored",
            next_step="check that the texts differ and the encoder is right",
        )
    # Both label kernels have squares that sum to n^2: entries of 1 and -1, or (y'y)^2 of standardised numbers.
    label_spread = n**2 - (label_total / n) ** 2
    return float((cross - total * label_total / n**2) / np.sqrt(spread * label_spread))


def _label_sums(inputs: Inputs, x: NDArray[np.float64], total: float) -> tuple[float, float]:
    """Sum of the entrywise product of both kernels, and sum of the label kernel's entries."""
    if inputs.classes:
        counts = inputs.one_hot.sum(axis=0)
        within = float(np.square(inputs.one_hot.T @ x).sum())
        return 2 * within - total, float(2 * np.square(counts).sum() - counts.sum() ** 2)
    y = (inputs.target - inputs.target.mean()) / inputs.target.std()
    return float(np.square(y @ x).sum()), float(y.sum() ** 2)


SCORER = Scorer(
    name="lfc",
    title="Label-feature correlation",
    paper="Deshpande et al., 'A linearized framework and a new benchmark for model selection', 2021",
    tasks=frozenset(Task),
    compute=_lfc,
    defaults={"center": False},
    cost="cheap",
)
