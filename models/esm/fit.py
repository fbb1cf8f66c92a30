"""The closed-form fit of an ESM from moments: ridge around the identity, then the best map of a given rank.

With centred X and D = Y - X the map W solves ``(X'X + lam I) W = X'D``. Around the identity, because
fine-tuning moves an embedding a little: with few rows the map falls back to "nothing moved" rather than to
"everything is zero". At rank r the best W in the same penalised sense is ``W P P'``, with P the leading r
eigenvectors of the fitted values' ``W'(X'X + lam I) W`` (reduced-rank ridge regression:
Mukherjee, Zhu, "Reduced rank ridge regression and its kernel extensions", 2011; Izenman 1975 for lam = 0).
Cutting W by its plain SVD instead ignores where embeddings lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.esm.centred import Centred, refuse
from models.esm.choose import choose
from models.esm.esm import ESM, balanced, balanced_full
from models.esm.size import most_rank
from models.esm.solve import Root, leading_outputs, ridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm.moments import Moments

__all__ = ["STRENGTHS", "TOLERANCE", "Fit", "Rank", "fit_esm", "fit_with_curve"]

Rank = int | Literal["auto"] | None
"""A number; None for the full map; ``auto`` for the smallest that held-out folds find good enough."""

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Ridge strengths tried, relative to the mean eigenvalue of X'X."""

TOLERANCE = 0.05
"""Share of the best rank's gain over rank 0 that ``auto`` gives up for a smaller map."""


@dataclass(frozen=True, eq=False)
class Fit:
    """An ESM and what held-out folds said of others.

    Attributes
    ----------
    esm
        The map.
    curve
        Held-out mean squared error a row of ranks 0, 1, ... at the ESM's strength, as far as ranks were looked
        at; empty for a full map. Rank 0 moves every embedding by the same vector.
    """

    esm: ESM
    curve: NDArray[np.float64]


def fit_esm(
    moments: Moments,
    *,
    rank: Rank = 64,
    strengths: Sequence[float] = STRENGTHS,
    max_bytes: int | None = None,
    tolerance: float = TOLERANCE,
) -> ESM:
    """Fit an ESM: the map of :func:`fit_with_curve`, which see."""
    return fit_with_curve(
        moments, rank=rank, strengths=strengths, max_bytes=max_bytes, tolerance=tolerance
    ).esm


def fit_with_curve(
    moments: Moments,
    *,
    rank: Rank = 64,
    strengths: Sequence[float] = STRENGTHS,
    max_bytes: int | None = None,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit an ESM, its strength and where asked its rank chosen by the error on held-out folds.

    Each fold in turn is predicted from the others; the strength with the least error wins and the map is then
    fitted to all rows. The figures reported are those of folds that had no part in the fit they measure. A map
    that does not beat the identity is returned as such (:attr:`ESM.better_than_identity` is False), never
    replaced.

    With ``rank="auto"`` the smallest rank is taken whose held-out error keeps all but ``tolerance`` of what
    the best rank within ``max_bytes`` gains over rank 0, each rank at its own best strength. (The usual rule of
    one standard error needs the errors of single rows, which moments do not keep, and the spread over a few
    folds is no substitute.)

    How strengths are compared is told in :mod:`models.esm.choose`. Figures and map are exact.

    Parameters
    ----------
    moments
        Of at least two folds that hold rows.
    rank
        See :data:`Rank`; d and more are the full map.
    strengths
        Candidates, positive, relative to the mean eigenvalue of the centred X'X.
    max_bytes
        With ``auto``: most bytes of the factors in half precision, see :func:`models.esm.size.esm_bytes`.
    tolerance
        With ``auto``: from 0 (the best rank) to below 1.

    Raises
    ------
    ArtefactError
        If the moments are not finite or hold too few folds, if base embeddings do not vary at all, the
        rank or a strength is not positive, the tolerance is out of range, or no rank fits the budget.
    """
    d = moments.dim
    limit = _limit(rank, d, max_bytes)
    if limit < 1 or not strengths or not all(np.isfinite(x) and x > 0 for x in strengths):
        raise refuse(f"rank {rank} and strengths {list(strengths)} must all be above 0")
    if not 0 <= tolerance < 1:
        raise refuse(f"a tolerance of {tolerance} is not from 0 to below 1")
    centred = Centred.of(moments)
    full = limit >= d and rank != "auto"
    choice = choose(centred, strengths, None if full else limit, tolerance if rank == "auto" else None)
    error = float(choice.errors[0 if full else choice.rank])
    esm = _fitted(centred, choice.rank, choice.strength, error)
    return Fit(esm, np.zeros(0) if full else choice.errors / centred.n.sum())


def _limit(rank: Rank, d: int, max_bytes: int | None) -> int:
    if rank == "auto":
        return d if max_bytes is None else most_rank(d, max_bytes)
    return d if rank is None else min(rank, d)


def _fitted(centred: Centred, rank: int, strength: float, error: float) -> ESM:
    d = centred.mean_x.size
    root = Root.of(centred.gram, ridge(centred.gram, strength))
    half = root.half(centred.cross)
    if rank < d:
        p = leading_outputs(half, rank)
        u, v = balanced(root.back(half @ p), p)
    else:
        u, v = balanced_full(root.back(half))
    rows, spread = float(centred.n.sum()), centred.held_out_spread()
    esm = ESM(
        u=u,
        v=v,
        b=centred.mean_d - (centred.mean_x @ v) @ u.T,
        rank=rank,
        strength=strength,
        heldout_error=error / rows,
        identity_error=float(centred.identity.sum()) / rows,
        heldout_r2=1.0 - error / spread if spread > 0 else 0.0,
    )
    if not all(np.isfinite(x).all() for x in (u, v, esm.b, error)):
        raise refuse("the fit gave numbers that are not finite")
    return esm
