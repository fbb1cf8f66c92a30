"""What a low-rank map does to the evidence, exactly, for many maps and many precisions at once.

With the target decomposed as ``[X, k 1] = P S^(1/2) Q'`` (:mod:`models.evidence.target`) and a map's features
``F = [X, k 1] T``, ``T = [I + V U'; b'/k]``,

    FF' + lam I = P (S + lam + S^(1/2) Q' (T T' - I) Q S^(1/2)) P' + lam (I - P P')
    T T' - I = A B' + B A'    A = [U~, b~], B = [V, e]    (r + 1 columns each)
             = E+ E+' - E- E-'   E+- = (A +- B) / sqrt(2)

so with ``Z+- = Q' E+-`` and ``H(lam) = Z' diag(s / (s + lam)) Z`` Woodbury's identity and the determinant lemma
leave two Cholesky factors of r + 1 rows: of ``I + H++`` and of ``I - H-- + H-+ (I + H++)^-1 H+-``. Both are
positive definite because FF' + lam I is, so nothing has to be pivoted. H is linear in the J weight vectors,
which all maps share: one matrix product gives it for every precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.evidence.triangular import solve_lower, squared_norms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm import ESM
    from models.evidence.target import TargetSpectrum

__all__ = ["LowRankMaps", "Shift", "shift_of"]


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
    """

    z: Any
    trace: Any

    @classmethod
    def none(cls, target: TargetSpectrum) -> LowRankMaps:
        """The one map that changes nothing."""
        nothing = np.zeros((1, 1, target.s.size))
        if target.centred:
            return cls(np.concatenate([nothing, nothing], axis=1), np.array([target.s.sum()]))
        # [X, k 1] less its column of ones: B = e, A = -e / 2.
        left, right = _balanced(-0.5 * target.last[None, None, :], target.last[None, None, :], np)
        z = np.concatenate([left + right, left - right], axis=1) * 0.5**0.5
        return cls(z, np.array([target.d * target.mean_eigenvalue]))

    def only(self, places: NDArray[np.intp]) -> LowRankMaps:
        """Some of the maps."""
        return LowRankMaps(self.z[places], self.trace[places])

    @classmethod
    def of(cls, target: TargetSpectrum, esms: Sequence[ESM], xp: Any = np) -> LowRankMaps:
        """Bring e maps of one rank r into the target's coordinates; ``target`` holds arrays of ``xp``."""
        v, u, b = (_stacked(esms, name, target.q, xp) for name in ("v", "u", "b"))
        e, r, d = v.shape
        rows = xp.concat([v, u, b[:, None, :]], axis=1)
        turned = xp.reshape(xp.reshape(rows, (e * (2 * r + 1), d)) @ target.q, (e, 2 * r + 1, -1))
        zv, zu, zb = turned[:, :r], turned[:, r : 2 * r], turned[:, 2 * r :]
        ut = xp.matrix_transpose(u)
        left = zu + 0.5 * ((u @ ut) @ zv)
        right = zv
        if not target.centred:
            square = xp.sum(b * b, axis=1)[:, None, None] / target.scale**2
            last = xp.broadcast_to(target.last[None, None, :], zb.shape)
            bias = (zb + (b[:, None, :] @ ut) @ zv) / target.scale + 0.5 * (square - 1.0) * last
            left, right = xp.concat([left, bias], axis=1), xp.concat([right, last], axis=1)
        left, right = _balanced(left, right, xp)
        z = xp.concat([left + right, left - right], axis=1) * 0.5**0.5
        half = z.shape[1] // 2
        grown = z[:, :half] ** 2
        shrunk = z[:, half:] ** 2
        trace = xp.sum(target.s) + xp.sum(xp.sum(grown - shrunk, axis=1) * target.s, axis=1)
        return cls(z, trace)


def shift_of(target: TargetSpectrum, maps: LowRankMaps, lam: Any, xp: Any = np) -> Shift:
    """Compute :class:`Shift` at precisions lam [J] that all the maps share.

    Raises
    ------
    numpy.linalg.LinAlgError
        If rounding left a matrix that is not positive definite; the caller then takes another way.
    """
    share = target.s / (target.s + lam[:, None])
    h = _weighted_grams(maps.z, share, xp)
    m = maps.z.shape[1] // 2
    # t = Z' S^(1/2) (S + lam)^-1 y for every class: one product, since weights and classes are shared.
    weights = (share / xp.sqrt(target.s))[:, :, None] * target.y[None]
    j, k, c = weights.shape
    t = maps.z @ xp.reshape(xp.permute_dims(weights, (1, 0, 2)), (k, j * c))
    t = xp.permute_dims(xp.reshape(t, (t.shape[0], 2 * m, j, c)), (0, 2, 1, 3))
    eye = xp.eye(m, dtype=h.dtype, device=h.device)
    first = xp.linalg.cholesky(h[..., :m, :m] + eye)
    solved = solve_lower(first, xp.concat([h[..., :m, m:], t[:, :, :m]], axis=-1), xp)
    gain, plus = solved[..., :m], solved[..., m:]
    gain_t = xp.matrix_transpose(gain)
    second, minus = squared_norms(
        eye - h[..., m:, m:] + gain_t @ gain, t[:, :, m:] - gain_t @ plus, xp
    )
    log_determinant = 2.0 * _log_diagonal(first, xp) + 2.0 * second
    change = minus - xp.sum(plus * plus, axis=-2)
    return Shift(log_determinant, xp.permute_dims(change * lam[None, :, None], (0, 2, 1)))


def _weighted_grams(z: Any, share: Any, xp: Any) -> Any:
    """``z diag(share_j) z'`` for every map and j: [e, J, m, m] from z [e, m, k] and share [J, k].

    Each product of two rows is formed once (the result is symmetric) and meets all J weights in one matrix
    product.
    """
    e, m, k = z.shape
    pairs = xp.concat([z[:, a : a + 1] * z[:, a:] for a in range(m)], axis=1)
    packed = xp.matmul(share, xp.matrix_transpose(pairs))
    place = np.zeros((m, m), dtype=np.int64)
    upper = np.triu_indices(m)
    place[upper] = np.arange(upper[0].size)
    place = np.maximum(place, place.T)
    index = xp.asarray(place.reshape(-1), device=z.device)
    return xp.reshape(xp.take(packed, index, axis=-1), (e, share.shape[0], m, m))


def _balanced(left: Any, right: Any, xp: Any) -> tuple[Any, Any]:
    """Give both columns of each pair the same norm: their product stays, and nothing large cancels."""
    tiny = 1e-150
    a = xp.sqrt(xp.sum(left * left, axis=-1, keepdims=True)) + tiny
    b = xp.sqrt(xp.sum(right * right, axis=-1, keepdims=True)) + tiny
    factor = xp.sqrt(b / a)
    return left * factor, right / factor


def _log_diagonal(lower: Any, xp: Any) -> Any:
    return xp.sum(xp.log(xp.linalg.diagonal(lower)), axis=-1)


def _stacked(esms: Sequence[ESM], name: str, like: Any, xp: Any) -> Any:
    """Factors as rows [e, r, d], or biases [e, d]."""
    arrays: list[NDArray[Any]] = [getattr(esm, name) for esm in esms]
    stack = np.stack([array.T for array in arrays]).astype(np.float64) if arrays[0].ndim == 2 else np.stack(arrays)
    return xp.asarray(np.ascontiguousarray(stack, dtype=np.float64), device=like.device)
