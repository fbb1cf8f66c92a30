"""Ours beside the others: the same ESMs, target and one thread each, in turn, so that a busy machine slows both."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.engine import ours
from benchmarks.engine.inputs import LABELS, Target, made_up_embeddings, make_esms, real_embeddings
from benchmarks.engine.others import Others
from benchmarks.engine.real import real_esms, real_targets
from benchmarks.outcome import Goal
from models.esm import ESM

__all__ = ["GOALS", "Size", "compare", "compare_real", "judge", "judge_real"]

ROWS = 1_000
DIMS = (384, 768)
GOALS: dict[str, float] = {"8": 100.0, "16": 50.0, "32": 20.0, "full": 3.0}
"""Rank -> how many times the package's rate ours is to be."""
_ONCE = "our target, once"


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes
    ----------
    esms
        In a batch of ours; of full maps, which are scored one by one, ``full``.
    theirs
        ESMs that the others score in each turn.
    rounds
        Turns.
    checked
        ESMs of each case whose scores are held against the definition.
    """

    esms: int = 64
    full: int = 4
    theirs: int = 2
    rounds: int = 5
    checked: int = 3


def compare(size: Size, others: Others) -> list[dict[str, Any]]:
    """Measure every case; one record each, with every turn."""
    found = []
    for dim, labels, rank in _cases():
        base = real_embeddings(ROWS) if dim == 384 else made_up_embeddings(ROWS, dim)
        target = Target.of(base, LABELS[labels])
        full = rank == "full"
        esms = make_esms(base, dim, size.full) if full else make_esms(base, int(rank), size.esms)
        found.append({"dim": dim, "labels": labels, "rank": rank, **_case(size, others, target, esms)})
        print(f"  d = {dim}, {labels}, rank {rank}: {found[-1]['ratio']}", flush=True)
    return found


def compare_real(size: Size, others: Others) -> list[dict[str, Any]]:
    """The same on real targets with ESMs of really tuned sources; nothing where there are none."""
    found = []
    for name, target in real_targets().items():
        for rank in (rank for rank in GOALS if rank != "full"):
            case = _case(size, others, target, real_esms(int(rank), size.esms))
            found.append({"dim": target.base.shape[1], "labels": name, "rank": rank, **case})
            print(f"  {name}, real ESMs, rank {rank}: {case['ratio']}", flush=True)
    return found


def judge(cases: Sequence[dict[str, Any]]) -> list[Goal]:
    """A goal for each case, and what it comes from."""
    goals = [
        Goal(
            f"CPU an ESM, hf-dataset-selector / ours: rank {case['rank']}, d = {case['dim']}, {case['labels']}",
            case["ratio"]["hfselect"],
            GOALS[case["rank"]],
            at_least=True,
        )
        for case in cases
    ]
    goals += [
        Goal(f"CPU an ESM, thuml's LogME / ours, the least of its cases: rank {rank}", min(ratios))
        for rank in GOALS
        if (ratios := [c["ratio"]["thuml"] for c in cases if c["rank"] == rank and "thuml" in c["ratio"]])
    ]
    low = [case for case in cases if case["rank"] != "full"]
    grown = {
        (dim, rank): _each(low, dim, rank, "20 classes") / _each(low, dim, rank, "2 classes")
        for dim, rank in dict.fromkeys((case["dim"], case["rank"]) for case in low)
    }
    goals += [
        Goal(f"CPU an ESM with 20 classes / with 2, ours: rank {rank}, d = {dim}", ratio)
        for (dim, rank), ratio in grown.items()
    ]
    goals += [
        Goal(f"CPU of the target's preparation, once, ours: d = {dim}, {labels}", max(found), unit="ms")
        for dim, labels in dict.fromkeys((case["dim"], case["labels"]) for case in low)
        if (found := [c["milliseconds"][_ONCE] for c in low if (c["dim"], c["labels"]) == (dim, labels)])
    ]
    worst = max(case["from_definition"] for case in cases)
    goals.append(Goal("largest difference of our scores from the definition", worst, ours.TOLERANCE, unit=""))
    return goals


def judge_real(cases: Sequence[dict[str, Any]]) -> list[Goal]:
    """The same ratios with real ESMs, held to the same bounds."""
    return [
        Goal(
            f"the same with real ESMs and labels: rank {case['rank']}, {case['labels']}",
            case["ratio"]["hfselect"],
            GOALS[case["rank"]],
            at_least=True,
        )
        for case in cases
    ]


def _cases() -> Iterator[tuple[int, str, str]]:
    for dim in DIMS:
        for labels in LABELS:
            for rank in GOALS:
                yield dim, labels, rank


def _case(size: Size, others: Others, target: Target, esms: Sequence[ESM]) -> dict[str, Any]:
    request = others.hand_over("case", target, esms[: size.theirs])
    # Once for nothing: functions are compiled, memory is had.
    turns = [_turn(others, request, target, esms) for _ in range(size.rounds + 1)][1:]
    scores = turns[0]["ours"]["scores"]
    worst = ours.check(target, esms[: size.checked], scores[: size.checked])
    return {
        "esms": len(esms),
        "moved": statistics.median(_moved(target, esm) for esm in esms),
        "ratio": {
            whose: round(
                statistics.median(turn[whose]["seconds"] / turn["ours"]["each"] for turn in turns), 2
            )
            for whose in others.whose
        },
        "milliseconds": {
            "ours": 1_000 * statistics.median(turn["ours"]["each"] for turn in turns),
            _ONCE: 1_000 * statistics.median(turn["ours"]["target"] for turn in turns),
            **{
                whose: 1_000 * statistics.median(turn[whose]["seconds"] for turn in turns)
                for whose in others.whose
            },
        },
        "from_definition": worst,
        "from_theirs": {
            whose: max(
                abs(theirs - mine) for theirs, mine in zip(turns[0][whose]["scores"], scores, strict=False)
            )
            for whose in others.whose
        },
        "turns": [_without_scores(turn) for turn in turns],
    }


def _moved(target: Target, esm: ESM) -> float:
    """By how much of their own size a map moves the embeddings."""
    base = target.base.astype(np.float64)
    return float(np.linalg.norm(esm.apply(base) - base) / np.linalg.norm(base))


def _turn(others: Others, request: dict[str, Any], target: Target, esms: Sequence[ESM]) -> dict[str, Any]:
    """Ours, then each of the others."""
    return {
        "ours": asdict(ours.score(target, esms)),
        **{whose: others.score(request, whose) for whose in others.whose},
    }


def _without_scores(turn: dict[str, Any]) -> dict[str, Any]:
    return {
        whose: {key: value for key, value in one.items() if key != "scores"} for whose, one in turn.items()
    }


def _each(cases: Sequence[dict[str, Any]], dim: int, rank: str, labels: str) -> float:
    found = (
        case["milliseconds"]["ours"]
        for case in cases
        if (case["dim"], case["rank"], case["labels"]) == (dim, rank, labels)
    )
    return float(next(found))
