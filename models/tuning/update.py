"""What fine-tuning did to the weights, as a low-rank product for each linear layer.

The difference of tuned and base weights is the task vector of Ilharco et al., "Editing Models with Task Arithmetic",
ICLR 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.errors import TuningError
from models.tuning.linear import linear_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder import Encoder

__all__ = ["Update", "low_rank_update"]

_SAME = 1.0
"""Tuning changes weights by a few per cent. Two models that were never one differ by 1.4 times their size."""


@dataclass(frozen=True, eq=False)
class Update:
    """The best rank-k approximation of each linear layer's update.

    Attributes
    ----------
    factors
        Name of a weight -> (a [out, k], b [in, k]) float64 with ``tuned - base ~ a @ b.T``; layers that tuning
        left alone are not among them.
    kept
        Share of the linear layers' squared norm that the factors keep.
    covered
        Share of the whole update's squared norm (embedding tables, biases and norms included) that lies in
        linear layers.
    size
        Norm of the linear layers' update divided by that of their base weights.
    """

    factors: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    kept: float
    covered: float
    size: float


def low_rank_update(base: Encoder, tuned: Encoder, rank: int = 4) -> Update:
    """Factor what tuning did to the linear layers, by a truncated SVD of each one's difference.

    Parameters
    ----------
    base, tuned
        Encoders of the same architecture.
    rank
        Columns of the factors; fewer for a layer that is smaller.

    Raises
    ------
    TuningError
        The weights do not correspond: other names or shapes, differences as large as the weights themselves,
        or no difference at all.
    """
    before, after = linear_weights(base.model), linear_weights(tuned.model)
    shapes = [{name: tuple(weight.shape) for name, weight in side.items()} for side in (before, after)]
    if not before or shapes[0] != shapes[1]:
        raise _refuse("its layers are not the base encoder's")
    factors: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    kept = total = weights = 0.0
    for name, weight in before.items():
        old = weight.detach().cpu().numpy().astype(np.float64)
        change = after[name].detach().cpu().numpy().astype(np.float64) - old
        squared = float(np.square(change).sum())
        weights += float(np.square(old).sum())
        total += squared
        if squared > 0:
            factors[name] = _truncated(change, rank)
            a, b = factors[name]
            kept += float(((a.T @ a) * (b.T @ b)).sum())
    if not np.isfinite(total) or not factors:
        raise _refuse("its weights are the base encoder's" if not total else "its weights are not finite")
    size = float(np.sqrt(total / max(weights, np.finfo(np.float64).tiny)))
    if size >= _SAME:
        raise _refuse(f"its weights differ from the base encoder's by {size:.1f} times their size")
    return Update(factors, kept / total, total / _whole(base, tuned, total), size)


def _truncated(change: NDArray[np.float64], rank: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor a matrix [out, in] through the few largest eigenvectors of the smaller of its Gram matrices.

    Far cheaper than a full SVD; small singular values lose digits, and only large ones are kept.
    """
    from scipy.linalg import eigh

    wide = change if change.shape[0] >= change.shape[1] else change.T
    n = wide.shape[1]
    _, vectors = eigh(wide.T @ wide, subset_by_index=[max(0, n - rank), n - 1])
    right = vectors[:, ::-1]
    left = wide @ right
    return (left, right) if wide is change else (right, left)


def _whole(base: Encoder, tuned: Encoder, linear: float) -> float:
    """Squared norm of the whole update; that of the linear layers where the rest does not correspond."""
    old = dict(base.model.named_parameters())
    new = dict(tuned.model.named_parameters())
    shared = [name for name in old if name in new and old[name].shape == new[name].shape]
    squares = (float((new[name].detach() - old[name].detach()).double().square().sum()) for name in shared)
    return max(linear, sum(squares))


def _refuse(what: str) -> TuningError:
    return TuningError(
        f"the update of the weights cannot be told: {what}",
        consequence="scorers that need it leave the source out",
        next_step="bring a model that was tuned from this base encoder, or let Springboard tune the source",
    )
