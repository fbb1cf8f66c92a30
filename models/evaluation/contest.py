"""Every measure of a ranking on one target, in many pools at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.evaluation.agreement import kendall, ndcg, precision, spearman
from models.evaluation.choosing import Bools, Floats, Places, chosen_of, places_of
from models.evaluation.judging import Judge

__all__ = ["KS", "MEASURES", "Contest"]

KS = (1, 3, 5)
"""How many sources one might try."""

MEASURES = (
    *(f"{name}@{k}" for name in ("regret", "excess_regret", "mean_regret", "precision", "gain") for k in KS),
    "gain",
    "ndcg",
    "ndcg_linear",
    "kendall",
    "spearman",
)
"""Names of what :meth:`Contest.measure` gives."""

_HALVES = 20
"""An oracle's agreement is a mean over at most so many halves; more change nothing that is shown."""


class Contest:
    """One target's truth, against which rankings of its candidates are held.

    Parameters
    ----------
    scores
        [candidates, seeds]: the target's results after each source.
    baseline
        Its mean result without transfer; None where nobody measured it, and gains are NaN.
    masks
        [pools, candidates].
    ks
        Numbers of sources that are tried.
    most_splits, seed
        Of :func:`~models.evaluation.splits.seed_splits`.
    """

    def __init__(
        self,
        scores: Floats,
        baseline: float | None,
        masks: Bools,
        *,
        ks: Sequence[int] = KS,
        most_splits: int = 500,
        seed: int = 0,
    ) -> None:
        self.judge = Judge(scores, masks, most_splits=most_splits, seed=seed)
        self.masks, self.ks = masks, tuple(ks)
        self._baseline = np.nan if baseline is None else baseline
        self._truth = np.asarray(scores.mean(axis=1), dtype=np.float64)
        self._rankable = masks.sum(axis=1) >= 2
        self.floor = {k: self.judge.floor(k) for k in self.ks}
        self._mean_best = {k: self.judge.mean_worth_of_best(k) for k in self.ks}

    def regret(self, predicted: Floats, k: int) -> Floats:
        """Regret of a ranking's first k, [pools]."""
        return self.judge.regret(self.judge.worth(chosen_of(places_of(predicted, self.masks), k)))

    def measure(self, predicted: Floats) -> dict[str, Floats]:
        """Hold a ranking against the truth.

        Parameters
        ----------
        predicted
            [candidates]: the highest first; minus infinity for those without a score, which come last.

        Returns
        -------
        dict
            Each of :data:`MEASURES`, [pools]: regrets in percent, gains in points (hundredths of a score), Kendall and
            Spearman from -1 to 1, NDCG and precision from 0 to 1. NaN where it is not defined.
        """
        places = places_of(predicted, self.masks)
        found: dict[str, Floats] = {}
        for k in self.ks:
            chosen = chosen_of(places, k)
            worth, mean_worth = self.judge.worth(chosen), self.judge.mean_worth(chosen)
            found |= self._choice(k, worth, mean_worth)
            found[f"precision@{k}"] = self._where_rankable(precision(places, self._truth, k))
        return self._complete(found, self._agreement(predicted, places, self._truth))

    def measure_oracle(self) -> dict[str, Floats]:
        """The same of an oracle that knows half of the seeds; its agreement is with the other half."""
        found: dict[str, Floats] = {}
        for k in self.ks:
            worth = self.judge.worth_of_known(k)
            found |= self._choice(k, worth, self.judge.mean_worth_of_known(k))
        over_halves: dict[str, list[Floats]] = {}
        for known, truth in self.judge.halves()[:_HALVES]:
            places = places_of(known, self.masks)
            one = self._agreement(known, places, truth)
            one |= {f"precision@{k}": self._where_rankable(precision(places, truth, k)) for k in self.ks}
            for name, value in one.items():
                over_halves.setdefault(name, []).append(value)
        return self._complete(found, {name: np.mean(values, axis=0) for name, values in over_halves.items()})

    def _choice(self, k: int, worth: Floats, mean_worth: Floats) -> dict[str, Floats]:
        regret = self.judge.regret(worth)
        gain = 100.0 * (worth.mean(axis=1) - self._baseline)
        return {
            f"regret@{k}": regret,
            f"excess_regret@{k}": regret - self.floor[k],
            f"mean_regret@{k}": self.judge.mean_regret(self._mean_best[k], mean_worth),
            f"gain@{k}": self._where_rankable(gain),
        }

    def _agreement(self, predicted: Floats, places: Places, truth: Floats) -> dict[str, Floats]:
        found = {
            "ndcg": ndcg(places, truth, "exponential"),
            "ndcg_linear": ndcg(places, truth, "linear"),
            "kendall": kendall(predicted, truth, self.masks),
            "spearman": spearman(predicted, truth, self.masks),
        }
        return {name: self._where_rankable(value) for name, value in found.items()}

    def _complete(self, found: dict[str, Floats], more: dict[str, Floats]) -> dict[str, Floats]:
        found |= more
        if 1 in self.ks:
            found["gain"] = found["gain@1"]
        return found

    def _where_rankable(self, value: Floats) -> Floats:
        return np.where(self._rankable, value, np.nan)
