"""What was tried for the pool's order: maps of a rank around a scaled identity, ``tuned ~ a base + U V' base + b``.

One more number a source. A common scale of all features does not change LogME, so the map divided by ``a`` orders
the pool as it does and is an ESM of the usual form; it no longer imitates the tuned encoder, but that over ``a``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.esm import ESM, Moments, fit_esm
from models.esm.centred import Centred
from models.esm.esm import balanced
from models.esm.solve import Root, leading_outputs, ridge

__all__ = ["around_scaled_identity"]

_ROUNDS = 6


def around_scaled_identity(
    base: NDArray[np.float32],
    tuned: NDArray[np.float32],
    folds: NDArray[np.int64],
    rank: int,
    strength: float,
) -> ESM:
    """Fit such a map to rows; its held-out figures are those of the map itself, before it is divided by ``a``."""
    moments = Moments.from_pairs(base, tuned, folds, int(folds.max()) + 1)
    usual = fit_esm(moments, rank=rank, strengths=[strength])
    error = spread = 0.0
    for fold in np.unique(folds):
        out = folds == fold
        rest = Moments.from_pairs(base[~out], tuned[~out], folds[~out], int(folds.max()) + 1)
        scale, u, v, b = _fit(rest, rank, strength)
        x, y = base[out].astype(np.float64), tuned[out].astype(np.float64)
        error += float(np.square(scale * x + (x @ v) @ u.T + b - y).sum())
        spread += float(np.square(y - tuned[~out].mean(axis=0, dtype=np.float64)).sum())
    scale, u, v, b = _fit(moments, rank, strength)
    return replace(
        usual,
        u=u / scale,
        v=v,
        b=b / scale,
        heldout_error=error / len(base),
        heldout_r2=1 - error / spread,
    )


def _fit(moments: Moments, rank: int, strength: float) -> tuple[float, Any, Any, Any]:
    """Scale and map in turn, in the metric of ``X'X + lam I``; gives a, U, V, b."""
    centred = Centred.of(moments)
    one = np.eye(moments.dim)
    lam = ridge(centred.gram, strength)
    root = Root.of(centred.gram, lam)
    w = root.back(root.half(centred.cross))
    metric = centred.gram + lam * one
    lower = np.linalg.cholesky(metric)
    metric_w = metric @ w
    extra = 0.0
    for _ in range(_ROUNDS):
        p = leading_outputs(lower.T @ (w - extra * one), rank)
        # Of what the kept outputs leave over, the part that a multiple of the identity explains best.
        left = float(np.trace(metric_w)) - float(np.sum((metric_w @ p) * p))
        extra = left / (float(np.trace(metric)) - float(np.sum((metric @ p) * p)))
    u, v = balanced((w - extra * one) @ p, p)
    b = centred.mean_d - extra * centred.mean_x - (centred.mean_x @ v) @ u.T
    return 1.0 + extra, u, v, b
