"""What was tried for the pool's order: maps of a rank around a scaled identity, ``tuned ~ a base + U V' base + b``.

One more number a source. A common scale of all features does not change LogME, so the map divided by ``a`` orders
the pool as it does and is an ESM of the usual form; it no longer imitates the tuned encoder, but that over ``a``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.esm import ESM, Moments, fit_esm
from models.esm.centred import Centred
from models.esm.esm import balanced
from models.esm.solve import Root, leading_outputs, ridge

__all__ = ["around_scaled_identity"]

_ROUNDS = 10


def around_scaled_identity(moments: Moments, rank: int, strength: float) -> ESM:
    """Fit scale and map in turn, in the metric of ``X'X + lam I``; the ESM's held-out figures are the usual map's."""
    centred = Centred.of(moments)
    d = moments.dim
    lam = ridge(centred.gram, strength)
    root = Root.of(centred.gram, lam)
    w = root.back(root.half(centred.cross))
    metric = centred.gram + lam * np.eye(d)
    lower = np.linalg.cholesky(metric)
    metric_w = metric @ w
    whole = (float(np.sum(metric_w.diagonal())), float(np.trace(metric)))
    extra = 0.0
    for _ in range(_ROUNDS):
        p = leading_outputs(lower.T @ (w - extra * np.eye(d)), rank)
        # Of what the kept outputs leave over, the part that a multiple of the identity explains best.
        cut_w = whole[0] - float(np.sum((metric_w @ p) * p))
        cut_one = whole[1] - float(np.sum((metric @ p) * p))
        extra = cut_w / cut_one
    scale = 1.0 + extra
    u, v = balanced((w - extra * np.eye(d)) @ p, p)
    b = centred.mean_d - extra * centred.mean_x - (centred.mean_x @ v) @ u.T
    usual = fit_esm(moments, rank=rank, strengths=[strength])
    return replace(usual, u=u / scale, v=v, b=b / scale)
