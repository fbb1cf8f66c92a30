"""A Gaussian process with effects of target and source: a linear mixed model, its variances by maximum likelihood.

``gain = mean + features . w + target's offset + source's popularity + what is only this pair's + noise``, each term
normal with a variance of its own. A target's offset is what all sources share there (an encoder that is good at it
already gains nothing by any); a source's is what it gains everywhere, shrunk by as much as the evidence asks for,
to 0 for a source that nobody tried. The noise of each measured gain is known beforehand from its seeds.

Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006, sections 2.2 and 5.4; scikit-learn's.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.calibration.band import Band
from models.calibration.columns import Scaling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.band import Fitted
    from models.calibration.evidence import Evidence, Pairs

__all__ = ["fit_mixed"]

_LEAST, _MOST = 1e-5, 1e2
"""Bounds of each variance, over that of the gains."""


@dataclass(frozen=True, eq=False)
class _Mixed:
    mean: float
    spread: float
    scaling: Scaling
    process: Any

    def predict(self, pairs: Pairs) -> Band:
        centre, deviation = self.process.predict(_rows(self.scaling, pairs), return_std=True)
        unit = np.maximum(np.asarray(deviation, dtype=np.float64), 1e-3) * self.spread
        return Band(self.mean + self.spread * np.asarray(centre, dtype=np.float64), unit, unit)


def fit_mixed(evidence: Evidence, like: Fitted | None = None) -> Fitted:
    """Fit the process; with ``like`` its variances are taken over, and only the effects are fitted."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    mean = float((evidence.weights * evidence.gains).sum())
    spread = float(np.std(evidence.gains)) or 1.0
    scaling = Scaling.of(evidence)
    known = like if isinstance(like, _Mixed) else None
    process = GaussianProcessRegressor(
        kernel=_kernel() if known is None else known.process.kernel_,
        alpha=(evidence.stderr / spread) ** 2 + 1e-8,
        optimizer="fmin_l_bfgs_b" if known is None else None,
    )
    with warnings.catch_warnings():
        # A variance at its bound says that there is no such effect, or that L-BFGS stopped close by.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(_rows(scaling, evidence.pairs), (evidence.gains - mean) / spread)
    return _Mixed(mean, spread, scaling, process)


def _kernel() -> Any:
    from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

    from models.calibration.evidence import FEATURES
    from models.calibration.kernels import Linear, Same

    width, bounds = len(FEATURES), (_LEAST, _MOST)
    return (
        ConstantKernel(0.1, bounds) * Linear(width)
        + ConstantKernel(0.3, bounds) * Same(width)
        + ConstantKernel(0.1, bounds) * Same(width + 1)
        + WhiteKernel(0.3, bounds)
    )


def _rows(scaling: Scaling, pairs: Pairs) -> NDArray[np.float64]:
    return np.column_stack([scaling.columns(pairs), pairs.targets, pairs.sources])
