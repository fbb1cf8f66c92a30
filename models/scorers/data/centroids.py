"""How near two datasets' mean embeddings are; shared by the scorers that differ in the encoder only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["METRICS", "centroid_similarity"]

METRICS = ("cosine", "euclidean")


def centroid_similarity(source: ArrayLike, target: ArrayLike, *, metric: str) -> float:
    """Compare two vectors [d]; higher is nearer.

    Parameters
    ----------
    source, target
        Mean embeddings by one encoder.
    metric
        ``cosine`` in [-1, 1], or ``euclidean``: the distance with a minus sign.

    Raises
    ------
    ScoringError
        Vectors of different widths, not finite, or (cosine) of length zero.
    SettingsError
        If the metric is another.
    """
    if metric not in METRICS:
        raise SettingsError(
            f"setting metric is {metric!r}",
            consequence="nothing was scored",
            next_step=did_you_mean(metric, METRICS),
        )
    a, b = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise _refuse(f"the centroids have shapes {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise _refuse("a centroid is not finite (NaN or Inf)")
    if metric == "euclidean":
        return -float(np.linalg.norm(a - b))
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if lengths == 0:
        raise _refuse("a centroid is zero, and has no direction")
    return float(np.clip(a @ b / lengths, -1, 1))


def _refuse(what: str) -> ScoringError:
    return ScoringError(
        what, consequence="no score was stored", next_step="embed both datasets anew with the same encoder"
    )
