"""The closed-form fit of an ESM from moments: ridge around the identity, then the best map of a given rank.

With centred X and D = Y - X the map W solves ``(X'X + lam I) W = X'D``. Around the identity, because
fine-tuning moves an embedding a little: with few rows the map falls back to "nothing moved" rather than to
"everything is zero". At rank r the best W in the same penalised sense is ``W P``, with P the projection onto
the leading r eigenvectors of the fitted values' ``W'(X'X + lam I) W`` (reduced-rank ridge regression:
Mukherjee, Zhu, "Reduced rank ridge regression and its kernel extensions", 2011; Izenman 1975 for lam = 0).
Cutting W by its plain SVD instead ignores where embeddings lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.errors import ArtefactError
from models.esm.esm import ESM, balanced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm.moments import Moments

__all__ = ["STRENGTHS", "fit_esm"]

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Ridge strengths tried, relative to the mean eigenvalue of X'X."""


@dataclass(frozen=True, eq=False)
class _System:
    """One training set's equations in the eigenbasis q of its centred X'X (s its eigenvalues); a = q' X'D."""

    mean_x: NDArray[np.float64]
    mean_d: NDArray[np.float64]
    s: NDArray[np.float64]
    q: NDArray[np.float64]
    a: NDArray[np.float64]

    def solve(self, strength: float, rank: int) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Give q'W [d, d] with None, or q'W P [d, r] with P [d, r], for a map of lower rank."""
        # A direction without any variance says nothing; the smallest normal number keeps 0/0 out.
        shifted = self.s + max(strength * float(self.s.mean()), np.finfo(np.float64).tiny)
        w = self.a / shifted[:, None]
        if rank >= self.s.size:
            return w, None
        from scipy.linalg import eigh

        d = self.s.size
        fitted = self.a.T @ w
        _, p = eigh((fitted + fitted.T) / 2, subset_by_index=[d - rank, d - 1])
        return w @ p, p


def fit_esm(moments: Moments, *, rank: int | None = 64, strengths: Sequence[float] = STRENGTHS) -> ESM:
    """Fit an ESM, its strength chosen by the error on held-out folds.

    Each fold in turn is predicted from the others at every strength and at the rank asked for; the strength
    with the least error wins and the map is then fitted to all rows. The figures reported are those of the
    held-out folds. A map that does not beat the identity is returned as such
    (:attr:`ESM.better_than_identity` is False), never replaced.

    Parameters
    ----------
    moments
        Of at least two folds that hold rows.
    rank
        Rank r of the map; None, or d and more, fits the full map.
    strengths
        Candidates, positive, relative to the mean eigenvalue of the centred X'X.

    Raises
    ------
    ArtefactError
        If the moments are not finite or hold too few folds, if base embeddings do not vary at all, or the
        rank or a strength is not positive.
    """
    d = moments.dim
    r = d if rank is None else min(rank, d)
    if r < 1 or not strengths or not all(np.isfinite(x) and x > 0 for x in strengths):
        raise _refuse(f"rank {rank} and strengths {list(strengths)} must all be above 0")
    filled = [fold for fold in range(moments.n_folds) if moments.n[fold] > 0]
    if len(filled) < 2:
        raise _refuse(f"only {len(filled)} of {moments.n_folds} folds hold rows, so nothing can be held out")
    errors = np.zeros(len(strengths))
    identity = spread = rows = 0.0
    for fold in filled:
        held = moments.fold(fold)
        system = _system(moments.without(fold))
        parts = _HeldOut.of(held, system)
        errors += [parts.error(*system.solve(strength, r)) for strength in strengths]
        identity += parts.identity
        spread += parts.spread
        rows += float(held.n[0])
    best = int(np.argmin(errors))
    system = _system(moments.total())
    w, p = system.solve(strengths[best], r)
    u, v = balanced(system.q @ w, np.eye(d) if p is None else p)
    b = system.mean_d - (system.mean_x @ v) @ u.T
    esm = ESM(
        u=u,
        v=v,
        b=b,
        rank=r,
        strength=float(strengths[best]),
        heldout_error=float(errors[best] / rows),
        identity_error=float(identity / rows),
        heldout_r2=float(1.0 - errors[best] / spread) if spread > 0 else 0.0,
    )
    if not all(np.isfinite(x).all() for x in (u, v, b, errors)):
        raise _refuse("the fit gave numbers that are not finite")
    return esm


def _system(train: Moments) -> _System:
    n = float(train.n[0])
    mean_x, mean_y = train.sum_x[0] / n, train.sum_y[0] / n
    centred_xx = train.xx[0] - n * np.outer(mean_x, mean_x)
    centred_xd = train.xy[0] - n * np.outer(mean_x, mean_y) - centred_xx
    if not (np.isfinite(centred_xx).all() and np.isfinite(centred_xd).all()):
        raise _refuse("the moments hold numbers that are not finite")
    # Rows that are all the same leave a spread of rounding errors, which must not pass for one.
    if np.trace(centred_xx) <= 1e-12 * max(float(np.trace(train.xx[0])), np.finfo(np.float64).tiny):
        raise _refuse("the base embeddings are all the same")
    s, q = np.linalg.eigh((centred_xx + centred_xx.T) / 2)
    return _System(mean_x, mean_y - mean_x, np.maximum(s, 0.0), q, q.T @ centred_xd)


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """A held-out fold's second moments about the training means, x rotated into the training eigenbasis."""

    xx: NDArray[np.float64]
    xd: NDArray[np.float64]
    dd: float
    identity: float
    spread: float

    @classmethod
    def of(cls, held: Moments, system: _System) -> _HeldOut:
        n, sum_x = float(held.n[0]), held.sum_x[0]
        sum_d = held.sum_y[0] - sum_x
        mean_x, mean_d = system.mean_x, system.mean_d
        xx = held.xx[0] - np.outer(sum_x, mean_x) - np.outer(mean_x, sum_x) + n * np.outer(mean_x, mean_x)
        raw_xd = held.xy[0] - held.xx[0]
        xd = raw_xd - np.outer(sum_x, mean_d) - np.outer(mean_x, sum_d) + n * np.outer(mean_x, mean_d)
        raw_dd = float(np.trace(held.yy[0]) - 2 * np.trace(held.xy[0]) + np.trace(held.xx[0]))
        dd = raw_dd - 2 * float(sum_d @ mean_d) + n * float(mean_d @ mean_d)
        mean_y = mean_x + mean_d
        spread = float(np.trace(held.yy[0]) - 2 * held.sum_y[0] @ mean_y + n * mean_y @ mean_y)
        rotated = system.q.T @ xx @ system.q
        return cls(rotated, system.q.T @ xd, dd, max(raw_dd, 0.0), spread)

    def error(self, w: NDArray[np.float64], p: NDArray[np.float64] | None) -> float:
        """Squared error over the fold of the map ``w`` (times ``p'``, whose columns are orthonormal)."""
        cross = self.xd if p is None else self.xd @ p
        value = self.dd - 2 * float(np.sum(w * cross)) + float(np.sum(w * (self.xx @ w)))
        return max(value, 0.0)


def _refuse(what: str) -> ArtefactError:
    return ArtefactError(
        f"no ESM can be fitted: {what}",
        consequence="the source stays pending",
        next_step="make its embeddings again with `springboard ingest NAME`",
    )
