"""The evidence of one target under many maps: the exact maximum for every class, at a fraction of its price.

A target is decomposed once (:class:`~models.evidence.target.TargetSpectrum`). Its maps are then known at two
dozen precisions that all maps and classes share (:mod:`models.evidence.low_rank`), and from there along the
whole range (:mod:`models.evidence.interpolation`, :mod:`models.evidence.peaks`).

With more rows than dimensions the low end of the range need not be looked at: R there is at least the least-squares
residual of [X, 1], which all maps share, and L only grows. Where that bound does not rule the low end out, a map
is looked at along the whole range after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.evidence.interpolation import Interpolation
from models.evidence.low_rank import LowRankMaps, Shift, shift_of
from models.evidence.peaks import evidence, highest
from models.evidence.profile import LAMBDA_RANGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm import ESM
    from models.evidence.target import TargetSpectrum

__all__ = ["ManyMaps"]

_SLACK = 2.0
"""How far, in log, a map may change the mean eigenvalue before it is scored by itself."""

_SPARE = 0.05
"""By how much the target's own evidence must rule out the low end (a row): maps are allowed to fit that much worse."""

ShiftOf = Callable[["NDArray[np.float64]", "NDArray[np.intp]"], Shift]
"""From lam [J] and places of maps [e] to their shift."""


@dataclass(frozen=True, eq=False)
class ManyMaps:
    """The evidence of a target under maps of its base embeddings.

    Attributes
    ----------
    target
        The target, decomposed.
    """

    target: TargetSpectrum

    def log_evidence(self, esms: Sequence[ESM]) -> NDArray[np.float64]:
        """Maximum log evidence a row of every map and target column, [e, c].

        NaN stands where a map has to be scored by itself (:func:`models.scorers.logme` on the mapped
        embeddings): one that changes the embeddings' scale by more than e, or is singular in the target's own
        directions.
        """
        best = np.full((len(esms), self.target.y.shape[1]), np.nan)
        for places in _by_rank(esms):
            for chunk in _chunks(places, self._at_once(esms[places[0]].rank)):
                best[chunk] = self._of_chunk([esms[place] for place in chunk])
        return best

    def _of_chunk(self, esms: Sequence[ESM]) -> NDArray[np.float64]:
        import array_api_compat.numpy as xp

        maps = LowRankMaps.of(self.target, esms, xp)

        def shift(lam: NDArray[np.float64], chosen: NDArray[np.intp]) -> Shift:
            whole = chosen.size == len(esms)
            return shift_of(self.target, maps if whole else maps.only(chosen), lam, xp)

        return self.best_of(shift, maps.trace)

    def best_of(self, shift: ShiftOf, trace: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maxima [e, c] of maps with tr(F'F) ``trace`` [e], given what computes their shift."""
        best = np.full((trace.size, self.target.y.shape[1]), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.log(trace / (self.target.d * self.target.mean_eigenvalue))
        near = np.flatnonzero(np.abs(scale) <= _SLACK)
        if near.size:
            self._fill(best, shift, near, scale, self._upper)
            left = np.flatnonzero(np.isnan(best[near]).any(axis=1))
            for place in near[left]:
                self._fill(best, shift, np.array([place]), scale, self._whole)
        return best

    def _fill(
        self,
        best: NDArray[np.float64],
        shift: ShiftOf,
        chosen: NDArray[np.intp],
        scale: NDArray[np.float64],
        curve: Interpolation,
    ) -> None:
        """Put the chosen maps' maxima in place, where the curve's part of the range is proven to hold them."""
        try:
            found = shift(np.exp(curve.nodes), chosen)
        except np.linalg.LinAlgError:
            return
        log_determinant, values = self._at_nodes(curve, found)
        low = self._middle + np.log(LAMBDA_RANGE[0]) + scale[chosen]
        high = self._middle + np.log(LAMBDA_RANGE[1]) + scale[chosen]
        peaks = highest(values, curve, low, high)
        lowest = log_determinant @ curve.matrix[0]
        beneath = evidence(lowest[:, None], self.target.rest, self.target.n)
        covered = (curve.grid[0] <= low)[:, None]
        best[chosen] = np.where(covered | (peaks >= beneath), peaks, np.nan)

    def _at_nodes(
        self, curve: Interpolation, found: Shift
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """L [e, J] and E [e, c, J] of maps."""
        lam = np.exp(curve.nodes)
        share = lam / (lam + self.target.s[:, None])
        own = self.target.rest[:, None] + np.square(self.target.y).T @ share
        log_determinant = found.log_determinant + np.log1p(self.target.s[:, None] / lam).sum(axis=0)
        return log_determinant, evidence(log_determinant[:, None, :], found.residual + own, self.target.n)

    @cached_property
    def _middle(self) -> float:
        return float(np.log(self.target.mean_eigenvalue))

    @cached_property
    def _whole(self) -> Interpolation:
        """The range of every map that :data:`_SLACK` admits."""
        return self._from(self._middle + float(np.log(LAMBDA_RANGE[0])) - _SLACK)

    @cached_property
    def _upper(self) -> Interpolation:
        """The part of the range that the target's own evidence does not rule out."""
        if not (self.target.rest > 0).all():
            return self._whole
        found = shift_of(self.target, LowRankMaps.none(self.target), np.exp(self._whole.nodes), np)
        log_determinant, values = self._at_nodes(self._whole, found)
        best = (values[0] @ self._whole.matrix.T).max(axis=-1)
        ceiling = evidence((log_determinant @ self._whole.matrix.T)[0][:, None], self.target.rest, self.target.n)
        open_ = ~(ceiling < best - _SPARE).all(axis=-1)
        return self._from(float(self._whole.grid[max(int(open_.argmax()) - 1, 0)]))

    def _from(self, low: float) -> Interpolation:
        high = self._middle + float(np.log(LAMBDA_RANGE[1])) + _SLACK
        largest = self._middle + float(np.log(self.target.d)) + _SLACK
        return Interpolation.over(low, high, largest)

    def _at_once(self, rank: int) -> int:
        """Maps in a chunk: enough to spread the cost of a call, few enough to stay in the cache."""
        pairs = (2 * rank + 2) * (2 * rank + 3) // 2
        return max(1, min(64, 2**19 // (pairs * self.target.s.size)))


def _by_rank(esms: Sequence[ESM]) -> Iterator[NDArray[np.intp]]:
    ranks = np.array([esm.rank for esm in esms])
    for rank in np.unique(ranks):
        yield np.flatnonzero(ranks == rank)


def _chunks(places: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, places.size, size):
        yield places[start : start + size]
