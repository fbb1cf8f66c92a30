"""How past advice did: the regret of what was advised, among what somebody tried and reported."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.plan import Plan
from features.rankings.transfers import Transfer, Transfers
from features.wording import counted
from models.evaluation import KS
from models.evaluation.choosing import chosen_of, judged_best, places_of

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["LiveReport", "LiveTarget", "NotJudged", "live_report"]

_REGRETS = tuple(f"regret@{k}" for k in KS)


@dataclass(frozen=True)
class LiveTarget:
    """How the advice for one target did, on one state of its rows and by one metric.

    Attributes
    ----------
    target, target_version, metric
        What the results are of; scores of other rows or another metric are not compared with these.
    scorers
        Whose advice it was.
    tried
        How many sources there are results of that the ranking in force had when they came.
    never_tried
        How many sources were ranked and have no result: a better one may be among them.
    best, best_score, best_gain
        The best of those tried, by the mean over its seeds; its gain over the baseline is in points, hundredths
        of the score.
    top, top_rank, top_gain
        The tried source that was advised first, what rank it had, and what it gained over the baseline. Several share
        the place where rankings of different times gave them the same rank; then the gain, in points, is their mean.
    regret
        For each k: how much less the best of the k advised first reached than the best of all tried, in percent of the
        latter. None where no more than k were tried, so that there was nothing to miss, or the best is not above 0.
    """

    target: str
    target_version: str | None
    metric: str | None
    scorers: tuple[str, ...]
    tried: int
    never_tried: int
    best: str
    best_score: float
    best_gain: float
    top: tuple[str, ...]
    top_rank: int
    top_gain: float
    regret: dict[int, float | None]

    def to_record(self) -> dict[str, Any]:
        """As JSON."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "regret"}
        of_k = {f"regret@{k}": value for k, value in self.regret.items()}
        return {**said, "scorers": list(self.scorers), "top": list(self.top), **of_k}


@dataclass(frozen=True)
class NotJudged:
    """A source whose results no advice can be judged by, and why; ``gain``, in points, is the mean over its seeds."""

    target: str
    source: str
    gain: float
    reason: str


@dataclass(frozen=True)
class LiveReport:
    """How past advice did, target by target and on average.

    Regret here is among reported sources alone. Results that teams report are few and chosen by them, often by the very
    advice, and the best of several noisy results looks better than it is; so this is no substitute for the transfer
    benchmark, which tries them all.
    """

    targets: tuple[LiveTarget, ...]
    not_judged: tuple[NotJudged, ...]

    def judged(self, k: int) -> int:
        """How many targets have a regret at k."""
        return sum(one.regret[k] is not None for one in self.targets)

    def regret(self, k: int) -> float | None:
        """Mean regret at k over the targets that have one; None where none has."""
        return _mean([value for one in self.targets if (value := one.regret[k]) is not None])

    @property
    def gain(self) -> float | None:
        """Mean over targets of what the tried source advised first gained, in points; None without any."""
        return _mean([one.top_gain for one in self.targets])

    def to_record(self) -> dict[str, Any]:
        """As JSON: means with the number of targets behind each, then target by target."""
        of_k: dict[str, Any] = {}
        for k in KS:
            of_k |= {f"regret@{k}": self.regret(k), f"judged@{k}": self.judged(k)}
        return {
            "targets": len(self.targets),
            "tried": sum(one.tried for one in self.targets),
            "never_tried": sum(one.never_tried for one in self.targets),
            **of_k,
            "gain": self.gain,
            "gained": sum(one.top_gain > 0 for one in self.targets),
            "per_target": [one.to_record() for one in self.targets],
            "not_judged": [
                {"target": one.target, "source": one.source, "gain": one.gain, "reason": one.reason}
                for one in self.not_judged
            ],
            "note": self.note,
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings of :meth:`rows`."""
        names = ("target", "metric", "tried", "never tried", "best tried", "advised first")
        return (*names, "rank", "gain, points", *_REGRETS)

    def rows(self) -> list[list[object]]:
        """One row per target, for a table; None where there is no number."""
        return [
            [
                *(one.target, one.metric, one.tried, one.never_tried, one.best, ", ".join(one.top)),
                *(one.top_rank, one.top_gain, *one.regret.values()),
            ]
            for one in self.targets
        ]

    @property
    def note(self) -> str:
        """What the numbers do not say."""
        never = sum(one.never_tried for one in self.targets)
        among = "Regret is among the sources that were ranked, tried and reported"
        if not self.targets:
            return f"{among}, and there is no target with results under a ranking yet."
        unknown = counted(never, "ranked source was", "ranked sources were")
        return f"{among}; {unknown} never tried. Teams chose what to try, and the best of noisy results looks too good."


def live_report(workspace: Workspace) -> LiveReport:
    """Hold what was reported against what was advised before it was known.

    The advice on a source is the rank that it had when its first result came in. Where there was none, be it that
    nothing was ranked or that the source was left out, the results judge nothing, and are listed.

    Raises
    ------
    ArtefactError
        A line of ledgers/transfers.jsonl is broken.
    """
    transfers = Transfers(Plan(workspace))
    tried: dict[_Key, list[_Tried]] = {}
    not_judged = []
    for key, source, runs in _grouped(transfers):
        said = transfers.first_of(runs[0]).line
        one = _Tried(source, [run.score for run in runs], [run.gain for run in runs], said)
        if why := one.why_not:
            not_judged.append(NotJudged(key[0], source, one.gain, why))
        else:
            tried.setdefault(key, []).append(one)
    return LiveReport(
        tuple(_judge(key, tried[key]) for key in sorted(tried)),
        tuple(sorted(not_judged, key=lambda one: (one.target, one.source, one.reason))),
    )


_Key = tuple[str, str, str]


def _grouped(transfers: Transfers) -> Iterator[tuple[_Key, str, list[Transfer]]]:
    """What can be compared: target, its version and the metric; with a source and its runs, sources in order."""
    for (source, target), of_pair in sorted(transfers.in_force.items()):
        found: dict[_Key, list[Transfer]] = {}
        for run in of_pair.values():
            # Empty stands for what a record does not say: None cannot be ordered.
            key = target, run.target_version or "", str(run.line.get("metric") or "")
            found.setdefault(key, []).append(run)
        for key, runs in found.items():
            yield key, source, runs


@dataclass(frozen=True)
class _Tried:
    """A source, its runs, and what the ledger says of the ranking in force before them."""

    source: str
    scores: Sequence[float]
    gains: Sequence[float]
    said: Mapping[str, Any]

    @property
    def score(self) -> float:
        return math.fsum(self.scores) / len(self.scores)

    @property
    def gain(self) -> float:
        return 100.0 * math.fsum(self.gains) / len(self.gains)

    @property
    def rank(self) -> int:
        return int(self.said["rank"])

    @property
    def why_not(self) -> str:
        if self.said.get("ranked") is None:
            return "no ranking was in force when it was reported, or its file was missing"
        return "the ranking in force had left it out" if self.said.get("rank") is None else ""


def _judge(key: _Key, tried: Sequence[_Tried]) -> LiveTarget:
    best = max(tried, key=lambda one: one.score)
    top_rank = min(one.rank for one in tried)
    top = [one for one in tried if one.rank == top_rank]
    return LiveTarget(
        target=key[0],
        target_version=key[1] or None,
        metric=key[2] or None,
        scorers=tuple(sorted({str(one.said["scorer"]) for one in tried if one.said.get("scorer")})),
        tried=len(tried),
        never_tried=max(0, max(int(one.said["ranked"]) for one in tried) - len(tried)),
        best=best.source,
        best_score=best.score,
        best_gain=best.gain,
        top=tuple(one.source for one in top),
        top_rank=top_rank,
        top_gain=math.fsum(one.gain for one in top) / len(top),
        regret={k: _regret(tried, k) for k in KS},
    )


def _regret(tried: Sequence[_Tried], k: int) -> float | None:
    scores = np.array([one.score for one in tried], dtype=np.float64)
    best = float(scores.max())
    if len(tried) <= k or best <= 0:
        return None
    by_advice = np.array([-float(one.rank) for one in tried])
    chosen = chosen_of(places_of(by_advice, np.ones((1, len(tried)), dtype=np.bool_)), k)
    reached = float(judged_best(chosen, scores, scores[:, None])[0, 0])
    return 100.0 * (best - reached) / best


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
