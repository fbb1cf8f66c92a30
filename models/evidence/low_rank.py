"""What a low-rank map does to the evidence, exactly, for many maps and many precisions at once.

With the target decomposed as ``[X, k 1] = P S^(1/2) Q'`` (:mod:`models.evidence.target`) and a map's features
``F = [X, k 1] T``, ``T = [I + V U'; b'/k]``,

    FF' + lam I = P (S + lam + S^(1/2) Q' (T T' - I) Q S^(1/2)) P' + lam (I - P P')
    T T' - I = A B' + B A'    A = [U~, b~], B = [V, e]    (r + 1 columns each)
             = E+ E+' - E- E-'   E+- = (A +- B) / sqrt(2)

so with ``Z+- = Q' E+-`` and ``H(lam) = Z' diag(s / (s + lam)) Z`` Woodbury's identity and the determinant lemma
leave two Cholesky factors of r + 1 rows: of ``I + H++`` and of ``I - H-- + H-+ (I + H++)^-1 H+-``. Both are
positive definite because FF' + lam I is, so nothing has to be pivoted. H is linear in the J weight vectors,
which all maps share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.evidence.triangular import log_diagonal, solve_lower, squared_norms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm import ESM
    from models.evidence.target import TargetSpectrum

__all__ = ["LowRankMaps", "Probe", "Shift", "shift_of"]


_MANY_ROWS = 48
"""Rows of Z from which products are formed by weight and not by pairs of rows."""


@dataclass(frozen=True, eq=False)
class Probe:
    """J precisions, and what of the target all maps share there.

    Attributes
    ----------
    lam
        [J].
    share
        [J, k], ``s / (s + lam)``.
    pull
        [k, J c], ``S^(1/2) (S + lam)^-1 y`` of each precision and target column.
    """

    lam: Any
    share: Any
    pull: Any

    @classmethod
    def at(cls, target: TargetSpectrum, lam: Any, xp: Any = np) -> Probe:
        """Prepare precisions lam [J]; arrays are of ``xp``."""
        share = target.s / (target.s + lam[:, None])
        pull = xp.permute_dims(share / xp.sqrt(target.s), (1, 0))[:, :, None] * target.y[:, None, :]
        return cls(lam, share, xp.reshape(pull, (target.s.shape[0], -1)))


@dataclass(frozen=True, eq=False)
class Shift:
    """What e maps change at J precisions lam.

    Attributes
    ----------
    log_determinant
        [e, J], log det(I + FF' / lam) less that of the target's own [X, k 1].
    residual
        [e, c, J], ``lam y'(FF' + lam I)^-1 y`` less that of [X, k 1], of each target column.
    """

    log_determinant: Any
    residual: Any


@dataclass(frozen=True, eq=False)
class LowRankMaps:
    """Maps of one rank in the target's coordinates.

    Attributes
    ----------
    z
        [e, 2 (r + 1), k] (centred: 2 r), the rows of Z+ and then those of Z-.
    trace
        [e], tr(F'F).
    largest
        [e], an upper bound of the largest eigenvalue of F'F.
    """

    z: Any
    trace: Any
    largest: Any

    @classmethod
    def of(cls, target: TargetSpectrum, esms: Sequence[ESM], xp: Any = np) -> LowRankMaps:
        """Bring e maps of one rank r into the target's coordinates; ``target`` holds arrays of ``xp``."""
        rows = xp.asarray(_rows(esms, centred=target.centred), device=target.q.device)
        e = rows.shape[0]
        turned = _flat_product(rows, target.q, xp)
        if not target.centred:
            turned = xp.concat([turned, xp.broadcast_to(target.last, (e, 1, target.last.shape[0]))], axis=1)
        z = _mixing(rows, esms[0].rank, target, xp) @ turned
        return cls._with_bounds(target, z, xp)

    @classmethod
    def none(cls, target: TargetSpectrum, xp: Any = np) -> LowRankMaps:
        """The one map that changes nothing."""
        last = target.last[None, None, :]
        # [X, k 1] less its column of ones: B = e, A = -e / 2, which makes E+ = e / 2 - e / 2 and E- = e.
        z = xp.concat([0.0 * last, last], axis=1)
        return cls._with_bounds(target, z, xp)

    @classmethod
    def _with_bounds(cls, target: TargetSpectrum, z: Any, xp: Any) -> LowRankMaps:
        half = z.shape[1] // 2
        plus = (z[:, :half] * target.s) @ xp.matrix_transpose(z[:, :half])
        grown = xp.sum(xp.linalg.diagonal(plus), axis=-1)
        shrunk = xp.sum((z[:, half:] ** 2) @ target.s, axis=1)
        trace = xp.sum(target.s) + grown - shrunk
        # E- only takes away, and what E+ adds is no larger than its Frobenius norm.
        added = xp.sqrt(xp.sum(plus * plus, axis=(1, 2)))
        return cls(z, trace, xp.minimum(trace, xp.max(target.s) + added))

    def only(self, places: NDArray[np.intp]) -> LowRankMaps:
        """Some of the maps."""
        if places.size == self.z.shape[0]:
            return self
        return LowRankMaps(self.z[places], self.trace[places], self.largest[places])


def shift_of(probe: Probe, maps: LowRankMaps, xp: Any = np) -> Shift:
    """Compute :class:`Shift` at the probe's precisions.

    Raises
    ------
    numpy.linalg.LinAlgError
        If rounding left a matrix that is not positive definite; the caller then takes another way.
    """
    h = _weighted_grams(maps.z, probe.share, xp)
    m = maps.z.shape[1] // 2
    j = probe.lam.shape[0]
    t = xp.reshape(_flat_product(maps.z, probe.pull, xp), (maps.z.shape[0], 2 * m, j, -1))
    t = xp.permute_dims(t, (0, 2, 1, 3))
    eye = xp.eye(m, dtype=h.dtype, device=h.device)
    first = xp.linalg.cholesky(h[..., :m, :m] + eye)
    solved = solve_lower(first, xp.concat([h[..., :m, m:], t[:, :, :m]], axis=-1), xp)
    gain, plus = solved[..., :m], solved[..., m:]
    gain_t = xp.matrix_transpose(gain)
    half, minus = squared_norms(eye - h[..., m:, m:] + gain_t @ gain, t[:, :, m:] - gain_t @ plus, xp)
    log_determinant = 2.0 * (log_diagonal(first, xp) + half)
    change = minus - xp.sum(plus * plus, axis=-2)
    return Shift(log_determinant, xp.permute_dims(change * probe.lam[None, :, None], (0, 2, 1)))


def _weighted_grams(z: Any, share: Any, xp: Any) -> Any:
    """``z diag(share_j) z'`` for every map and j: [e, J, m, m] from z [e, m, k] and share [J, k]."""
    e, m, _ = z.shape
    if m >= _MANY_ROWS:
        return _grams_by_weight(z, xp.sqrt(share), xp)
    # Each product of two rows is formed once (the result is symmetric), and meets all J weights while it is still in
    # the cache.
    weights = xp.matrix_transpose(share)
    packed = xp.concat([(z[:, a : a + 1] * z[:, a:]) @ weights for a in range(m)], axis=1)
    place = np.zeros((m, m), dtype=np.int64)
    upper = np.triu_indices(m)
    place[upper] = np.arange(upper[0].size)
    place = np.maximum(place, place.T)
    index = xp.asarray(place.reshape(-1), device=z.device)
    return xp.reshape(xp.permute_dims(xp.take(packed, index, axis=1), (0, 2, 1)), (e, share.shape[0], m, m))


def _flat_product(stack: Any, matrix: Any, xp: Any) -> Any:
    """``stack @ matrix`` for [e, m, k] and [k, p] as one product: a stack of small ones is half as fast."""
    e, m, k = stack.shape
    return xp.reshape(xp.reshape(stack, (e * m, k)) @ matrix, (e, m, matrix.shape[1]))


def _grams_by_weight(z: Any, roots: Any, xp: Any) -> Any:
    """The same with one symmetric product a weight: with many rows there are fewer of these than products of rows."""
    if not isinstance(z, np.ndarray):
        scaled = z[:, None] * roots[None, :, None, :]
        return scaled @ xp.matrix_transpose(scaled)
    grams = np.empty((z.shape[0], roots.shape[0], z.shape[1], z.shape[1]))
    scaled = np.empty_like(z[0])
    for rows, out in zip(z, grams, strict=True):
        for root, gram in zip(roots, out, strict=True):
            np.multiply(rows, root, out=scaled)
            np.matmul(scaled, scaled.T, out=gram)
    return grams


def _mixing(rows: Any, rank: int, target: TargetSpectrum, xp: Any) -> Any:
    """What makes the rows of Z+ and Z- of the turned rows of V, U, b and the column of ones: [e, 2 m, ...]."""
    v, u = rows[:, :rank], rows[:, rank : 2 * rank]
    ut = xp.matrix_transpose(u)
    eye = xp.broadcast_to(xp.eye(rank, dtype=rows.dtype, device=rows.device), (rows.shape[0], rank, rank))
    left, right = xp.concat([0.5 * (u @ ut), eye], axis=2), xp.concat([eye, 0.0 * eye], axis=2)
    # Both columns of each pair get about the same norm: their product stays, and nothing large cancels.
    balance = _ratio(v, u, xp)[:, :, None]
    left, right = left * balance, right / balance
    if not target.centred:
        b = rows[:, 2 * rank :]
        square = xp.sum(b * b, axis=2, keepdims=True) / target.scale**2
        one = xp.ones_like(square)
        bias = xp.concat(
            [(b @ ut) / target.scale, 0.0 * (b @ ut), one / target.scale, 0.5 * (square - one)], axis=2
        )
        last = xp.concat([0.0 * (b @ ut), 0.0 * (b @ ut), 0.0 * one, one], axis=2)
        steady = xp.sqrt(xp.sqrt(one / (square + 0.25 * (square - one) ** 2)))
        pad = xp.concat([0.0 * left[:, :, :1]] * 2, axis=2)
        left = xp.concat([xp.concat([left, pad], axis=2), bias * steady], axis=1)
        right = xp.concat([xp.concat([right, pad], axis=2), last / steady], axis=1)
    return xp.concat([left + right, left - right], axis=1) * 0.5**0.5


def _ratio(v: Any, u: Any, xp: Any) -> Any:
    tiny = 1e-300
    return xp.sqrt(xp.sqrt((xp.sum(v * v, axis=2) + tiny) / (xp.sum(u * u, axis=2) + tiny)))


def _rows(esms: Sequence[ESM], *, centred: bool) -> NDArray[np.float64]:
    """V', U' and (unless centred, where it has no effect) b as rows, [e, 2 r + 1, d]."""
    r, d = esms[0].rank, esms[0].dim
    rows = np.empty((len(esms), 2 * r + (not centred), d))
    for place, esm in enumerate(esms):
        rows[place, :r], rows[place, r : 2 * r] = esm.v.T, esm.u.T
        if not centred:
            rows[place, 2 * r] = esm.b
    return rows
