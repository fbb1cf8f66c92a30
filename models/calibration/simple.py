"""Methods by one line each: the mean of all gains, and a gain that rises with the score's lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.calibration.band import Band

if TYPE_CHECKING:
    from models.calibration.band import Fitted
    from models.calibration.evidence import Evidence, Pairs

__all__ = ["fit_isotonic", "fit_mean"]


@dataclass(frozen=True)
class _Mean:
    mean: float

    def predict(self, pairs: Pairs) -> Band:
        return Band.level(np.full(len(pairs), self.mean))


def fit_mean(evidence: Evidence, like: Fitted | None = None) -> Fitted:
    """The mean gain over targets, whatever the pair: what a score has to be better than."""
    return _Mean(float((evidence.weights * evidence.gains).sum()))


@dataclass(frozen=True)
class _Isotonic:
    model: Any

    def predict(self, pairs: Pairs) -> Band:
        return Band.level(np.asarray(self.model.predict(pairs.features[:, 0]), dtype=np.float64))


def fit_isotonic(evidence: Evidence, like: Fitted | None = None) -> Fitted:
    """The gain as a step function that never falls while the score's lift rises (scikit-learn's)."""
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(out_of_bounds="clip")
    model.fit(evidence.pairs.features[:, 0], evidence.gains, sample_weight=evidence.weights)
    return _Isotonic(model)
