"""Who is among the first k of a ranking, in many pools at once, ties and all.

A pool is a row of a mask over the candidates. Where scores are tied across the k-th place, every way to break the tie
is as good as any other, and what follows is the exact expectation over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chosen", "Places", "chosen_of", "judged_best", "places_of", "strict"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Where each candidate stands in each pool, all [pools, candidates].

    Attributes
    ----------
    masks
        Who is in the pool.
    before
        How many of the pool stand strictly ahead.
    through
        How many stand ahead or level, itself included.
    """

    masks: Bools
    before: Ints
    through: Ints


@dataclass(frozen=True)
class Chosen:
    """The first k of each pool.

    Attributes
    ----------
    sure, tied
        [pools, candidates]: in whatever way ties are broken, and in some ways only.
    free
        [pools]: how many places the tied ones share.
    """

    sure: Bools
    tied: Bools
    free: Ints

    @property
    def share(self) -> Floats:
        """How likely each candidate is to be chosen, [pools, candidates]."""
        rivals = np.maximum(self.tied.sum(axis=1), 1)
        odds = (self.free / rivals)[:, None]
        return np.asarray(self.sure + self.tied * odds, dtype=np.float64)


def places_of(scores: Floats, masks: Bools) -> Places:
    """Return where candidates stand.

    Parameters
    ----------
    scores
        [candidates], the highest first; minus infinity for those that have none, which share the last place.
    masks
        [pools, candidates].
    """
    falling = np.sort(-scores)
    first = np.searchsorted(falling, -scores, side="left")
    last = np.searchsorted(falling, -scores, side="right")
    counts = np.zeros((masks.shape[0], masks.shape[1] + 1), dtype=np.int64)
    np.cumsum(masks[:, np.argsort(-scores, kind="stable")], axis=1, out=counts[:, 1:])
    return Places(masks, counts[:, first], counts[:, last])


def chosen_of(places: Places, k: int) -> Chosen:
    """Return the first k of each pool; all of it where it is smaller."""
    sure = places.masks & (places.through <= k)
    tied = places.masks & (places.before < k) & (k < places.through)
    return Chosen(sure, tied, np.where(tied.any(axis=1), k - sure.sum(axis=1), 0))


def strict(values: Floats) -> Floats:
    """Return scores in the same order without ties: of equals the first stands ahead."""
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = -np.arange(len(values), dtype=np.float64)
    return ranks


def judged_best(chosen: Chosen, picked_by: Floats, judged: Floats) -> Floats:
    """Return what the best of the chosen is worth to the judges.

    Parameters
    ----------
    chosen
        Whom to pick from.
    picked_by
        [candidates]: the highest of the chosen is picked, of equals the first.
    judged
        [candidates, judges]: what each is worth to each judge.

    Returns
    -------
    ndarray
        [pools, judges]; of a pool where nobody is chosen, whatever the first candidate is worth.
    """
    order = np.argsort(-picked_by, kind="stable")
    first = chosen.sure[:, order].argmax(axis=1)
    ordered = judged[order]
    value = ordered[first]
    open_ = np.flatnonzero(chosen.free > 0)
    if open_.size:
        weights = _odds_to_be_best(
            chosen.sure[np.ix_(open_, order)], chosen.tied[np.ix_(open_, order)], chosen.free[open_]
        )
        value[open_] = weights @ ordered
    return np.asarray(value, dtype=np.float64)


def _odds_to_be_best(sure: Bools, tied: Bools, free: Ints) -> Floats:
    """Return how likely each is to be the first of those chosen, candidates in the order of picking.

    Of g tied ones r are chosen. The one with j tied ones ahead is the first of them in C(g - 1 - j, r - 1) of the
    C(g, r) ways; a sure one ahead of it leaves it no chance.
    """
    from scipy.special import comb

    rivals = tied.sum(axis=1, keepdims=True)
    ahead = np.cumsum(tied, axis=1) - 1
    open_ = tied & (np.cumsum(sure, axis=1) == 0)
    places = free[:, None]
    odds = np.where(open_, comb(rivals - 1 - ahead, places - 1) / comb(rivals, places), 0.0)
    safe = np.flatnonzero(sure.any(axis=1))
    odds[safe, sure[safe].argmax(axis=1)] = 1.0 - odds[safe].sum(axis=1)
    return np.asarray(odds, dtype=np.float64)
