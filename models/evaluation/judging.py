"""Regret on one target: the best is picked by some seeds, judged by others, and held against an oracle's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from models.evaluation.choosing import Bools, Chosen, Floats, chosen_of, judged_best, places_of, strict
from models.evaluation.splits import Split, seed_splits

__all__ = ["Judge"]


class Judge:
    """What choices on one target are worth, in many pools at once.

    Parameters
    ----------
    scores
        [candidates, seeds]: the target's results after each source, at each seed. Of equals the first counts as best.
    masks
        [pools, candidates]: who is in each pool.
    most_splits, seed
        Of :func:`~models.evaluation.splits.seed_splits`.

    Notes
    -----
    Every answer is a mean over the splits (known, picks, judges) of the seeds. ``regret`` of chosen candidates is
    ``100 (b - c) / b``, with ``b`` what the best of the pool by the picking seeds is worth to the judging seeds, and
    ``c`` the same of the best of the chosen. A pool of fewer than two, or one whose best is not worth more than 0 to
    some judges, has no relative regret: NaN.
    """

    def __init__(self, scores: Floats, masks: Bools, *, most_splits: int = 500, seed: int = 0) -> None:
        self.scores, self.masks = scores, masks
        self.splits = seed_splits(scores.shape[1], most=most_splits, seed=seed)
        self._judged = np.stack([self._mean(split.judges) for split in self.splits], axis=1)

    @property
    def cross_fitted(self) -> bool:
        """Whether those who pick are not those who judge."""
        return int(self.scores.shape[1]) > 2

    @cached_property
    def best(self) -> Floats:
        """What the best of each pool is worth, [pools, splits]."""
        everyone = Chosen(self.masks, np.zeros_like(self.masks), np.zeros(len(self.masks), dtype=np.int64))
        return self.worth(everyone)

    @cached_property
    def defined(self) -> Bools:
        """Pools that have a relative regret, [pools]."""
        return np.asarray((self.masks.sum(axis=1) >= 2) & (self.best > 0).all(axis=1))

    def worth(self, chosen: Chosen) -> Floats:
        """What the best of the chosen is worth, [pools, splits]."""
        value = np.empty((len(self.masks), len(self.splits)))
        for picks, at in self._grouped("picks"):
            value[:, at] = judged_best(chosen, self._mean(picks), self._judged[:, at])
        return value

    def worth_of_known(self, k: int) -> Floats:
        """What the best of an oracle's k is worth, who knows the other half of the seeds, [pools, splits]."""
        value = np.empty((len(self.masks), len(self.splits)))
        for known, of_known in self._grouped("known"):
            chosen = self.known_chosen(known, k)
            for picks, at in self._grouped("picks", of_known):
                value[:, at] = judged_best(chosen, self._mean(picks), self._judged[:, at])
        return value

    def regret(self, worth: Floats) -> Floats:
        """Relative regret in percent, [pools], of what :meth:`worth` gave."""
        return self._relative(self.best, worth)

    def floor(self, k: int) -> Floats:
        """Regret of the oracle that knows half of the seeds, [pools]; NaN with one seed."""
        if len(self.scores[0]) < 2:
            return np.full(len(self.masks), np.nan)
        return self.regret(self.worth_of_known(k))

    def mean_regret(self, best: Floats, worth: Floats) -> Floats:
        """TaskWeb's form, [pools]: how much less the chosen are worth on average than the k best.

        Parameters
        ----------
        best
            What :meth:`mean_worth_of_best` gave.
        worth
            What :meth:`mean_worth` or :meth:`mean_worth_of_known` gave.
        """
        return self._relative(best, worth)

    def mean_worth(self, chosen: Chosen) -> Floats:
        """What the chosen are worth on average, [pools, splits]."""
        share = chosen.share
        return np.asarray(share @ self._judged / np.maximum(share.sum(axis=1, keepdims=True), 1.0))

    def mean_worth_of_known(self, k: int) -> Floats:
        """What an oracle's k are worth on average, who knows the other half of the seeds, [pools, splits]."""
        return self._mean_worth_by("known", k)

    def mean_worth_of_best(self, k: int) -> Floats:
        """What the k best by the picking seeds are worth on average, [pools, splits]."""
        return self._mean_worth_by("picks", k)

    def known_chosen(self, known: Sequence[int], k: int) -> Chosen:
        """The k that are best by the seeds that an oracle knows."""
        return chosen_of(places_of(strict(self._mean(known)), self.masks), k)

    def halves(self) -> list[tuple[Floats, Floats]]:
        """What an oracle knows and what the other seeds say, [candidates] each, for every known half."""
        seeds = range(self.scores.shape[1])
        return [
            (self._mean(known), self._mean([one for one in seeds if one not in known]))
            for known, _ in self._grouped("known")
        ]

    def _mean_worth_by(self, by: str, k: int) -> Floats:
        value = np.empty((len(self.masks), len(self.splits)))
        for seeds, at in self._grouped(by):
            value[:, at] = self.mean_worth(self.known_chosen(seeds, k))[:, at]
        return value

    def _relative(self, best: Floats, got: Floats) -> Floats:
        value = np.full(len(self.masks), np.nan)
        fine = self.defined & (best > 0).all(axis=1)
        value[fine] = (100.0 * (best[fine] - got[fine]) / best[fine]).mean(axis=1)
        return value

    def _mean(self, seeds: Sequence[int]) -> Floats:
        return np.asarray(self.scores[:, list(seeds)].mean(axis=1), dtype=np.float64)

    def _grouped(
        self, by: str, among: Sequence[int] | None = None
    ) -> list[tuple[tuple[int, ...], list[int]]]:
        """Positions of the splits that share a part, so that what depends on it alone is computed once."""
        found: dict[tuple[int, ...], list[int]] = {}
        for at in range(len(self.splits)) if among is None else among:
            split: Split = self.splits[at]
            found.setdefault(getattr(split, by), []).append(at)
        return list(found.items())
