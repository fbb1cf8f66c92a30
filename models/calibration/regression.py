"""Methods that are linear in features and popularity: by least squares, and by quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.calibration.band import Band
from models.calibration.columns import Scaling, popularity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.band import Fitted
    from models.calibration.evidence import Evidence, Pairs

__all__ = ["fit_linear", "fit_quantile"]

_TAIL = 0.1
_LEAST_UNIT = 0.05
"""Points. Quantiles that meet or cross would leave no doubt to be multiplied."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """The matrix of both methods: scaled features, and popularity over the spread of gains."""

    evidence: Evidence
    scaling: Scaling
    spread: float

    @classmethod
    def of(cls, evidence: Evidence) -> _Columns:
        spread = float(np.std(evidence.gains)) or 1.0
        return cls(evidence, Scaling.of(evidence), spread)

    def matrix(self, pairs: Pairs) -> NDArray[np.float64]:
        return np.column_stack([self.scaling.columns(pairs), popularity(self.evidence, pairs) / self.spread])


@dataclass(frozen=True, eq=False)
class _Linear:
    columns: _Columns
    model: Any

    def predict(self, pairs: Pairs) -> Band:
        return Band.level(np.asarray(self.model.predict(self.columns.matrix(pairs)), dtype=np.float64))


def fit_linear(evidence: Evidence, like: Fitted | None = None) -> Fitted:
    """Ridge regression whose strength is chosen by the evidence of the model (scikit-learn's BayesianRidge)."""
    from sklearn.linear_model import BayesianRidge

    columns = _Columns.of(evidence)
    weights = evidence.weights * len(evidence)
    model = BayesianRidge().fit(columns.matrix(evidence.pairs), evidence.gains, sample_weight=weights)
    return _Linear(columns, model)


@dataclass(frozen=True, eq=False)
class _Quantiles:
    columns: _Columns
    low: Any
    middle: Any
    high: Any

    def predict(self, pairs: Pairs) -> Band:
        matrix = self.columns.matrix(pairs)
        low, centre, high = (
            np.asarray(model.predict(matrix), dtype=np.float64)
            for model in (self.low, self.middle, self.high)
        )
        return Band(centre, np.maximum(centre - low, _LEAST_UNIT), np.maximum(high - centre, _LEAST_UNIT))


def fit_quantile(evidence: Evidence, like: Fitted | None = None) -> Fitted:
    """The median and two outer quantiles, each linear (scikit-learn's QuantileRegressor)."""
    from sklearn.linear_model import QuantileRegressor

    columns = _Columns.of(evidence)
    matrix, weights = columns.matrix(evidence.pairs), evidence.weights * len(evidence)
    low, middle, high = (
        QuantileRegressor(quantile=level, alpha=0.01, solver="highs").fit(
            matrix, evidence.gains, sample_weight=weights
        )
        for level in (_TAIL, 0.5, 1 - _TAIL)
    )
    return _Quantiles(columns, low, middle, high)
