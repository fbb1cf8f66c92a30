"""Columns for methods that take a matrix: scaled features, and what a source gained elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.evidence import Evidence, Pairs

__all__ = ["Scaling", "popularity"]

_PRIOR_TARGETS = 2.0
"""How many targets on which nothing was gained every source is taken to have been tried on, beside the real ones."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Means, spreads and ends of the evidence's features; one that never varied there says nothing, and becomes 0."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    @classmethod
    def of(cls, evidence: Evidence) -> Scaling:
        """Of the evidence, every target counting the same; what is unknown is left out."""
        features = evidence.pairs.features
        known = np.isfinite(features)
        weights = np.where(known, evidence.weights[:, None], 0.0)
        total = np.maximum(weights.sum(axis=0), np.finfo(float).tiny)
        values = np.where(known, features, 0.0)
        mean = (weights * values).sum(axis=0) / total
        variance = (weights * (values - mean) ** 2).sum(axis=0) / total
        small = variance <= 1e-12 * np.maximum(1.0, mean**2)
        least, most = (
            np.where(known, features, mean).min(axis=0),
            np.where(known, features, mean).max(axis=0),
        )
        return cls(mean, np.where(small, np.inf, np.sqrt(variance)), least, most)

    def columns(self, pairs: Pairs) -> NDArray[np.float64]:
        """[n, 5]; what is unknown becomes 0, the mean, and nothing is drawn out beyond what the evidence has seen."""
        scaled = (np.clip(pairs.features, self.least, self.most) - self.mean) / self.spread
        columns: NDArray[np.float64] = np.where(np.isfinite(pairs.features), scaled, 0.0)
        return columns


def popularity(evidence: Evidence, pairs: Pairs) -> NDArray[np.float64]:
    """How much more each pair's source gained than the other sources did, on the other targets, [n] in points.

    Shrunk towards 0, which is what a source that nobody tried has. A target's own results never count for it.
    """
    known = evidence.pairs
    size = int(known.sources.max()) + 1
    means = np.zeros(int(known.targets.max()) + 1)
    for target in evidence.targets:
        means[target] = evidence.gains[known.targets == target].mean()
    better = evidence.gains - means[known.targets]
    sums = np.bincount(known.sources, better, size)
    counts = np.bincount(known.sources, minlength=size).astype(np.float64)
    tried = (pairs.sources >= 0) & (pairs.sources < size)
    source = np.where(tried, pairs.sources, 0)
    own: dict[tuple[int, int], tuple[float, int]] = {}
    for i in range(len(evidence)):
        key = int(known.sources[i]), int(known.targets[i])
        before = own.get(key, (0.0, 0))
        own[key] = before[0] + float(better[i]), before[1] + 1
    mine = [own.get((int(s), int(t)), (0.0, 0)) for s, t in zip(pairs.sources, pairs.targets, strict=True)]
    less, fewer = (np.array([one[k] for one in mine], dtype=np.float64) for k in (0, 1))
    shrunk = (sums[source] - less) / (counts[source] - fewer + _PRIOR_TARGETS)
    found: NDArray[np.float64] = np.where(tried, shrunk, 0.0)
    return found
