"""Held-out errors of strengths and ranks, and the choice among them.

A map of rank r keeps the r leading output directions, so one set of directions gives the held-out errors of
every rank up to it: each direction takes its own share off the error.

Wide embeddings take a short cut to the strength. Each fold's maps are measured exactly at one strength, the
likely one; at others in single precision and along fewer output directions: for a low rank within the span of
somewhat more leading directions than the rank (strengths differ in how far rows move, hardly in where to),
for a full map along random ones. What is measured so decides between strengths only, and like every map here
it knows nothing of the fold held out; the strength that wins is measured exactly on every fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from models.esm.solve import Root, leading_outputs, ridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.esm.centred import Centred, Split

__all__ = ["Choice", "choose", "map_errors", "smallest_rank"]

_SPARE = 6
"""Directions beyond the rank in the span that strengths are compared within."""

_SAMPLED = 40
"""Random output directions that full maps are compared along."""

_NARROW = 128
"""Embeddings no wider than this are measured exactly throughout."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A strength, a rank, and the exact held-out errors they were found by.

    Attributes
    ----------
    strength, rank
        Of the map; d is the full one.
    errors
        [rank limit + 1], held-out squared error summed over folds of each rank from 0; [1], the map's own, of a
        full map.
    """

    strength: float
    rank: int
    errors: NDArray[np.float64]


def choose(
    centred: Centred, strengths: Sequence[float], limit: int | None, tolerance: float | None = None
) -> Choice:
    """Choose the strength with the least error on held-out folds, and where asked the rank.

    The first fold is measured at every strength; the others at the one that is best so far and its neighbours,
    until the best of them all lies between two that are worse.

    Parameters
    ----------
    centred
        The folds.
    strengths
        Candidates, in rising or falling order.
    limit
        The rank, or the highest with a tolerance; None for full maps.
    tolerance
        See :func:`smallest_rank`; None takes the limit itself.
    """
    trials = _Trials(centred, strengths, limit)
    best = trials.search()
    rank = limit
    if limit is not None and tolerance is not None:
        sums = trials.sums()
        rank = smallest_rank(np.nanmin(sums, axis=0), tolerance)
        best = int(np.nanargmin(sums[:, rank]))
    errors = sum(
        (trials.exactly(fold, best) for fold in range(centred.n.size)), np.zeros(trials.errors.shape[2])
    )
    return Choice(float(strengths[best]), centred.mean_x.size if rank is None else rank, errors)


def smallest_rank(errors: NDArray[np.float64], tolerance: float) -> int:
    """Give the smallest rank from 1 that keeps all but a share of what the best one gains over rank 0.

    Parameters
    ----------
    errors
        [r + 1], held-out errors of ranks 0 to r.
    tolerance
        The share that may be lost, from 0 to below 1.
    """
    best = float(errors[1:].min())
    allowed = best + tolerance * max(float(errors[0]) - best, 0.0)
    return 1 + int(np.argmax(errors[1:] <= allowed))


def map_errors(split: Split, strength: float, limit: int | None) -> NDArray[np.float64]:
    """Held-out squared error on a split's fold: of maps of ranks 0 to ``limit``, or [1] of the full map."""
    root = Root.of(split.gram, ridge(split.gram, strength))
    half = root.half(split.cross)
    if limit is None:
        gained = float(split.gains(root.back(half)).sum(dtype=np.float64))
        return np.array([max(split.shift_error - gained, 0.0)])
    return _by_rank(split, root, half, leading_outputs(half, limit))


@cache
def _random_outputs(d: int) -> NDArray[np.float64]:
    return np.linalg.qr(np.random.default_rng(0).standard_normal((d, _SAMPLED)))[0]


def _by_rank(
    split: Split, root: Root, half: NDArray[np.float64], p: NDArray[np.float64]
) -> NDArray[np.float64]:
    gains = split.gains(root.back(half @ p), p)
    return np.maximum(split.shift_error - np.concatenate([[0.0], np.cumsum(gains, dtype=np.float64)]), 0.0)


class _Trials:
    """Errors [k, s, ranks] as far as they were measured (NaN where not), and which are exact [k, s]."""

    def __init__(self, centred: Centred, strengths: Sequence[float], limit: int | None) -> None:
        self.centred, self.strengths, self.limit = centred, strengths, limit
        shape = (centred.n.size, len(strengths))
        self.errors = np.full((*shape, 1 if limit is None else limit + 1), np.nan)
        self.exact = np.zeros(shape, dtype=np.bool_)
        self._splits: dict[int, Split] = {}

    def search(self) -> int:
        """Measure what it takes to know the best strength; returns its place."""
        count = len(self.strengths)
        best, near = (count - 1) // 2, range(count)
        for fold in range(self.centred.n.size):
            self._measure(fold, near, best)
            best = self._best()
            near = range(max(best - 1, 0), min(best + 2, count))
        while missing := [
            (f, s) for s in near for f in range(len(self.errors)) if np.isnan(self.errors[f, s, 0])
        ]:
            for fold in sorted({fold for fold, _ in missing}):
                self._measure(fold, [s for f, s in missing if f == fold], best)
            best = self._best()
            near = range(max(best - 1, 0), min(best + 2, count))
        return best

    def split(self, fold: int) -> Split:
        """A fold and the others' equations; kept, for they are asked for twice."""
        if fold not in self._splits:
            self._splits[fold] = self.centred.leave_out(fold)
        return self._splits[fold]

    def sums(self) -> NDArray[np.float64]:
        """Errors summed over the folds [s, ranks]; NaN where a fold was not measured."""
        return np.asarray(self.errors.sum(axis=0))

    def exactly(self, fold: int, place: int) -> NDArray[np.float64]:
        """A fold's errors at a strength, exact."""
        if not self.exact[fold, place]:
            self.errors[fold, place] = map_errors(self.split(fold), self.strengths[place], self.limit)
            self.exact[fold, place] = True
        return np.asarray(self.errors[fold, place])

    def _best(self) -> int:
        begun = ~np.isnan(self.errors[:, :, -1]).all(axis=1)
        return int(np.nanargmin(self.errors[begun, :, -1].sum(axis=0)))

    def _measure(self, fold: int, places: Iterable[int], likely: int) -> None:
        split = self.split(fold)
        if split.mean_x.size <= max(_NARROW, 4 * (self.limit or 0)):
            for place in places:
                self.errors[fold, place] = map_errors(split, self.strengths[place], self.limit)
                self.exact[fold, place] = True
            return
        near = self._along_fewer(split, fold, likely)
        for place in places:
            if not self.exact[fold, place]:
                self.errors[fold, place] = map_errors(near, self.strengths[place], self.limit)

    def _along_fewer(self, split: Split, fold: int, likely: int) -> Split:
        d = split.mean_x.size
        if self.limit is None:
            return split.along(_random_outputs(d))
        root = Root.of(split.gram, ridge(split.gram, self.strengths[likely]))
        half = root.half(split.cross)
        span = leading_outputs(half, self.limit + _SPARE)
        self.errors[fold, likely] = _by_rank(split, root, half, span[:, : self.limit])
        self.exact[fold, likely] = True
        return split.along(span)
