"""GBC: how little the classes overlap, each taken as a Gaussian.

Pandy, Agostinelli, Uijlings, Ferrari, Mensink, "Transferability Estimation using Bhattacharyya Class
Separability", CVPR 2022: minus the sum, over ordered pairs of different classes, of exp(-D) with

    D = 1/8 (m1 - m2)' S^-1 (m1 - m2) + 1/2 log(|S| / sqrt(|S1| |S2|))        S = (S1 + S2) / 2

the Bhattacharyya distance. 0 is best (no overlap), -c (c - 1) the least. The features are first reduced to
``dims`` principal components (the paper: 64; 0 keeps all), fewer where n or d is smaller. ``covariance`` is
``spherical`` (one variance a class, the paper's choice for whole inputs) or ``diagonal`` (one a component).

Decisions. The sum runs over (i, j) and (j, i) as written, so it is twice that over unordered pairs. Variances
divide by n_c, so doubled rows change nothing. A class of one row, or of equal rows, has no variance: every
overlap with it would vanish, and the score would praise what it cannot see. That is a ScoringError.
Label names, row order, an added constant, one common scale and rotation leave the score alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError, SettingsError
from models.scorers.scorer import Scorer
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["SCORER"]

_FLAT = 1e-12
"""A variance below this share of the features' whole variance is rounding."""


def _gbc(inputs: Inputs, *, dims: int, covariance: str) -> float:
    if covariance not in ("spherical", "diagonal") or dims < 0:
        raise SettingsError(
            f"gbc takes covariance 'spherical' or 'diagonal' and dims >= 0, not {covariance!r} and {dims}",
            consequence="nothing was scored",
            next_step="leave a setting out for its default",
        )
    x = inputs.features - inputs.features.mean(axis=0)
    z = x if dims == 0 else x @ _principal_axes(x, dims)
    groups = [z[inputs.target == one] for one in range(len(inputs.classes))]
    means = np.array([group.mean(axis=0) for group in groups])
    variances = np.array([group.var(axis=0) for group in groups])
    if covariance == "spherical":
        variances = np.repeat(variances.mean(axis=1, keepdims=True), z.shape[1], axis=1)
    _refuse_flat(inputs, variances, float(z.var(axis=0).sum()))
    overlaps = np.exp(-_distances(means, variances))
    np.fill_diagonal(overlaps, 0.0)
    return -float(overlaps.sum())


def _principal_axes(x: NDArray[np.float64], dims: int) -> NDArray[np.float64]:
    """Leading axes [d, k] of centred x [n, d]; only those with variance, at most ``dims``."""
    from scipy.linalg import eigh

    n, d = x.shape
    last = min(n, d)
    leading = (max(last - dims, 0), last - 1)
    s, axes = eigh(x @ x.T if n < d else x.T @ x, subset_by_index=leading)
    kept = s > s[-1] * max(n, d) * np.finfo(np.float64).eps
    return np.asarray(x.T @ axes[:, kept] / np.sqrt(s[kept]) if n < d else axes[:, kept])


def _refuse_flat(inputs: Inputs, variances: NDArray[np.float64], whole: float) -> None:
    flat = (variances <= _FLAT * whole / variances.shape[1]).any(axis=1)
    if flat.any():
        named = ", ".join(name for name, one in zip(inputs.classes, flat, strict=True) if one)
        raise ScoringError(
            f"gbc: no variance within the class {named[:200]}, which has one row or equal rows",
            consequence="no score was stored",
            next_step="give the class more rows, drop it, or take another scorer",
        )


def _distances(means: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bhattacharyya distances [c, c] of c Gaussians with diagonal covariances [c, k]."""
    logs = np.log(variances).sum(axis=1)
    distances = np.empty((len(means), len(means)))
    for one, (mean, variance) in enumerate(zip(means, variances, strict=True)):
        shared = (variance + variances) / 2
        apart = (np.square(mean - means) / shared).sum(axis=1) / 8
        distances[one] = apart + (np.log(shared).sum(axis=1) - (logs[one] + logs) / 2) / 2
    return distances


SCORER = Scorer(
    name="gbc",
    title="Gaussian Bhattacharyya coefficient",
    paper="Pandy et al., 'Transferability Estimation using Bhattacharyya Class Separability', CVPR 2022",
    tasks=frozenset({Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION}),
    compute=_gbc,
    defaults={"covariance": "spherical", "dims": 64},
    cost="cheap",
)
