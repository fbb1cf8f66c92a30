"""The evidence of one target under many maps: the exact maximum for every class, at a fraction of its price.

A target is decomposed once (:class:`~models.evidence.target.TargetSpectrum`). Its maps are then known at two
dozen precisions that all maps and classes share (:mod:`models.evidence.low_rank`), and from there along the
whole range (:mod:`models.evidence.interpolation`, :mod:`models.evidence.peaks`).

With more rows than dimensions the low end of the range need not be looked at: R there is at least the least-squares
residual of [X, 1], which all maps share, and L only grows. Where that bound does not rule the low end out, a map
is looked at along the whole range after all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.evidence.arrays import Arrays
from models.evidence.full_rank import Tridiagonal
from models.evidence.interpolation import Interpolation
from models.evidence.low_rank import LowRankMaps, Probe, Shift, shift_of
from models.evidence.peaks import evidence, highest
from models.evidence.profile import LAMBDA_RANGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm import ESM
    from models.evidence.target import TargetSpectrum

__all__ = ["ManyMaps"]

_SLACK = 2.0
"""How far, in log, a map may change the mean eigenvalue before it is scored by itself."""

_GROWTH = (1.5, 4.0)
"""How far, in log, maps may raise the largest eigenvalue: each has its own, rather more precisions."""

_FULL = 6
"""A map of more than this share (one in so many) of the target's directions is cheaper as a whole."""

_CACHE = 2**18
"""Numbers of the small matrices that are worked on together."""

_BLOCK_ON_DEVICE = 256
"""The same on a device, which is fast only when it has much to do at a time."""

_BLOCK = 16
"""Maps that are turned into the target's coordinates together: more of them do not fit the cache."""

_SPARE = 0.05
"""By how much the target's own evidence must rule out the low end (a row): maps are allowed to fit that much worse."""


@dataclass(frozen=True, eq=False)
class ManyMaps:
    """The evidence of a target under maps of its base embeddings.

    Attributes
    ----------
    target
        The target, decomposed.
    arrays
        Where low-rank maps are computed: in memory, or on a GPU. Maps of high rank are always computed in memory.
    """

    target: TargetSpectrum
    arrays: Arrays = field(default_factory=Arrays.on)

    def log_evidence(self, esms: Sequence[ESM]) -> NDArray[np.float64]:
        """Maximum log evidence a row of every map and target column, [e, c].

        NaN stands where a map has to be scored by itself (:func:`models.scorers.logme` on the mapped
        embeddings): one that changes the embeddings' scale by more than e, or is singular in the target's own
        directions.
        """
        best = np.full((len(esms), self.target.y.shape[1]), np.nan)
        for places in _by_rank(esms):
            if _FULL * esms[places[0]].rank >= min(self.target.d, self.target.s.size):
                for place in places:
                    best[place] = self._of_full(esms[place])
                continue
            for block in _chunks(places, _BLOCK if self.arrays.is_numpy else _BLOCK_ON_DEVICE):
                best[block] = self._of_block([esms[place] for place in block])
        return best

    def _of_full(self, esm: ESM) -> NDArray[np.float64]:
        """Maxima [c] of one map, whatever its rank."""
        features = Tridiagonal(self.target, esm)
        scale, largest = self._scale(np.array([features.trace])), np.log(features.largest)
        if not abs(float(scale[0])) <= _SLACK:
            return np.full(self.target.y.shape[1], np.nan)
        curves = [*self._curves[self._reach_of(largest) :][:1], self._whole]
        best: NDArray[np.float64] = np.full((1, self.target.y.shape[1]), np.nan)
        for curve in curves:
            with suppress(np.linalg.LinAlgError):
                log_determinant, residual = features.parts(np.exp(curve.nodes), self.target.rest)
                best = self._maxima(curve, log_determinant[None], residual[None], scale)
            if not np.isnan(best).any():
                break
        return best.reshape(-1)

    def _of_block(self, esms: Sequence[ESM]) -> NDArray[np.float64]:
        maps = LowRankMaps.of(self._placed, esms, self.arrays.xp)
        best = np.full((len(esms), self.target.y.shape[1]), np.nan)
        scale = self._scale(self.arrays.get(maps.trace))
        admitted = np.abs(scale) <= _SLACK
        with np.errstate(divide="ignore"):
            reach = self._reach_of(np.log(self.arrays.get(maps.largest)))
        for place, curve in enumerate(self._curves):
            self._look(curve, maps, scale, np.flatnonzero(admitted & (reach == place)), best)
        self._look(self._whole, maps, scale, np.flatnonzero(admitted & np.isnan(best).any(axis=1)), best)
        return best

    def _look(
        self,
        curve: Interpolation,
        maps: LowRankMaps,
        scale: NDArray[np.float64],
        chosen: NDArray[np.intp],
        best: NDArray[np.float64],
    ) -> None:
        """Put the chosen maps' maxima along a curve in place."""
        if not chosen.size:
            return
        probe = self._probe(curve)
        log_determinant = np.full((chosen.size, curve.nodes.size), np.nan)
        residual = np.full((chosen.size, self.target.y.shape[1], curve.nodes.size), np.nan)
        for part in _chunks(np.arange(chosen.size), self._at_once(maps.z.shape[1])):
            for single in [part] if part.size == 1 else [part, *part[:, None]]:
                if not np.isnan(log_determinant[single]).any():
                    continue
                # A map that rounding makes indefinite must not take its neighbours with it.
                with suppress(*self.arrays.indefinite):
                    found = shift_of(probe, maps.only(chosen[single]), self.arrays.xp)
                    log_determinant[single], residual[single] = self._with_own(curve, found)
        best[chosen] = self._maxima(curve, log_determinant, residual, scale[chosen])

    def _maxima(
        self,
        curve: Interpolation,
        log_determinant: NDArray[np.float64],
        residual: NDArray[np.float64],
        scale: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Maxima [e, c] from L [e, J] and R [e, c, J] at the curve's nodes."""
        values = evidence(log_determinant[:, None, :], residual, self.target.n)
        low, high = (self._middle + np.log(end) + scale for end in LAMBDA_RANGE)
        peaks = highest(values, curve, low, high)
        beneath = evidence((log_determinant @ curve.matrix[0])[:, None], self.target.rest, self.target.n)
        covered = (curve.grid[0] <= low)[:, None]
        return np.where(covered | (peaks >= beneath), peaks, np.nan)

    def _scale(self, trace: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log of the maps' mean eigenvalues over the target's own."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scale: NDArray[np.float64] = np.log(trace / (self.target.d * self.target.mean_eigenvalue))
        return scale

    @cached_property
    def _placed(self) -> TargetSpectrum:
        return self.target.placed(self.arrays)

    def _probe(self, curve: Interpolation) -> Probe:
        key = float(curve.nodes[0]), curve.nodes.size, float(curve.nodes[-2])
        if key not in self._probes:
            lam = self.arrays.put(np.exp(curve.nodes))
            self._probes[key] = Probe.at(self._placed, lam, self.arrays.xp)
        return self._probes[key]

    @cached_property
    def _probes(self) -> dict[tuple[float, int, float], Probe]:
        return {}

    def _with_own(
        self, curve: Interpolation, found: Shift
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """L [e, J] and R [e, c, J] of maps."""
        lam = np.exp(curve.nodes)
        share = lam / (lam + self.target.s[:, None])
        log_determinant = np.log1p(self.target.s[:, None] / lam).sum(axis=0)
        residual = self.target.rest[:, None] + np.square(self.target.y).T @ share
        return (
            self.arrays.get(found.log_determinant) + log_determinant,
            self.arrays.get(found.residual) + residual,
        )

    @cached_property
    def _middle(self) -> float:
        return float(np.log(self.target.mean_eigenvalue))

    @cached_property
    def _whole(self) -> Interpolation:
        """The range of every map that :data:`_SLACK` admits."""
        low = self._middle + float(np.log(LAMBDA_RANGE[0])) - _SLACK
        # No eigenvalue is larger than their sum.
        return Interpolation.over(low, self._top, self._middle + float(np.log(self.target.d)) + _SLACK)

    @cached_property
    def _curves(self) -> list[Interpolation]:
        """The part of the range that the target's own evidence does not rule out, one for each growth."""
        return [Interpolation.over(self._lowest, self._top, self._own_largest + growth) for growth in _GROWTH]

    @cached_property
    def _lowest(self) -> float:
        """Log lam below which the target's own evidence rules the maximum out."""
        bottom = float(self._whole.grid[0])
        if not (self.target.rest > 0).all():
            return bottom
        probe = Probe.at(self._placed, self.arrays.put(np.exp(self._whole.nodes)), self.arrays.xp)
        found = shift_of(probe, LowRankMaps.none(self._placed, self.arrays.xp), self.arrays.xp)
        log_determinant, residual = self._with_own(self._whole, found)
        values = evidence(log_determinant[:, None, :], residual, self.target.n)
        best = (values[0] @ self._whole.matrix.T).max(axis=-1)
        ceiling = evidence(
            (log_determinant @ self._whole.matrix.T)[0][:, None], self.target.rest, self.target.n
        )
        open_ = ~(ceiling < best - _SPARE).all(axis=-1)
        return float(self._whole.grid[max(int(open_.argmax()) - 1, 0)])

    @cached_property
    def _top(self) -> float:
        return self._middle + float(np.log(LAMBDA_RANGE[1])) + _SLACK

    @cached_property
    def _own_largest(self) -> float:
        return float(np.log(self.target.s.max()))

    def _reach_of(self, largest: Any) -> Any:
        """Which of the curves covers maps with these largest eigenvalues (logarithms); their number for none."""
        return np.searchsorted(np.array(_GROWTH), largest - self._own_largest)

    def _at_once(self, rows: int) -> int:
        """Maps in a chunk: enough to spread the cost of a call, few enough to stay in the cache."""
        if not self.arrays.is_numpy:
            return _BLOCK_ON_DEVICE
        return max(1, min(_BLOCK, _CACHE // (rows * rows * self._curves[0].nodes.size)))


def _by_rank(esms: Sequence[ESM]) -> Iterator[NDArray[np.intp]]:
    ranks = np.array([esm.rank for esm in esms])
    for rank in np.unique(ranks):
        yield np.flatnonzero(ranks == rank)


def _chunks(places: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, places.size, size):
        yield places[start : start + size]
