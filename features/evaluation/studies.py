"""What else the results say: how regret grows with the pool, and how alike targets rank their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from models.evaluation import RANDOM, likeness, pool_sizes, regret_by_pool_size, variance_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.evaluation.matrix import Matrix

__all__ = ["studies_of"]

_DRAWS, _MOST_WORK = 200, 100_000


def studies_of(
    matrix: Matrix,
    predictions: Mapping[str, Sequence[NDArray[np.float64] | None]],
    default: str,
    seed: int,
) -> dict[str, Any]:
    """Return ``pool_size`` and ``popularity``, as the command prints them."""
    truths = [target.truth for target in matrix.targets]
    shares = variance_shares(truths)
    return {
        "pool_size": _by_size(matrix, predictions, default, seed),
        "popularity": {
            "spearman": asdict(likeness(truths, seed=seed)),
            "variance": asdict(shares) if shares else None,
        },
    }


def _by_size(
    matrix: Matrix,
    predictions: Mapping[str, Sequence[NDArray[np.float64] | None]],
    default: str,
    seed: int,
) -> dict[str, Any]:
    truths = [target.truth for target in matrix.targets]
    sizes, kept = pool_sizes(truths)
    chosen = [truths[at] for at in kept]
    rows: dict[str, list[NDArray[np.float64] | None]] = {
        RANDOM: [np.zeros(len(one.members)) for one in chosen]
    }
    if default in predictions:
        rows[default] = [predictions[default][at] for at in kept]
    draws = max(20, min(_DRAWS, _MOST_WORK * 10 // max(len(chosen) * len(matrix.sources), 1)))
    found = regret_by_pool_size(chosen, rows, sizes, draws=draws, seed=seed)
    return {
        "measure": "regret@5",
        "targets": len(chosen),
        "draws": draws,
        "rows": [{"size": one.size, **one.regret, "floor": one.floor} for one in found],
    }
