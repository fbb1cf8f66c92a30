"""The goals set for the default scorer, each with what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.evaluation import RANDOM, Comparison

__all__ = ["BASELINES", "TUNED", "goals_of"]

BASELINES = (RANDOM, "source_size", "source_popularity", "textemb")
"""What no report may lack, and what a score must beat."""

TUNED = "logme@tuned"
"""LogME on really tuned models: what the default imitates."""

_MEASURE = "excess_regret@5"
_NO_FLOOR = "no floor: it takes results with two seeds, and above 0"


def goals_of(comparison: Comparison, default: str) -> list[dict[str, Any]]:
    """Hold the default against its goals.

    Returns
    -------
    list of dict
        ``goal`` (in words), ``value`` and ``met``; None where it cannot be said, with ``why``. All go by excess
        regret@5 in percent, and comparisons by the targets that both scorers have.
    """
    excess = comparison.mean(default, _MEASURE).value
    return [
        _goal("excess_regret@5 at most 1.0", excess, None if excess is None else excess <= 1.0, _NO_FLOOR),
        _quarter_of_random(comparison, default),
        _below_baselines(comparison, default),
        _not_worse_than_tuned(comparison, default),
    ]


def _quarter_of_random(comparison: Comparison, default: str) -> dict[str, Any]:
    goal = f"excess_regret@5 at most a quarter of {RANDOM}'s"
    excess = comparison.mean(default, _MEASURE).value
    gap = comparison.difference(default, RANDOM, _MEASURE)[0].value
    if excess is None or gap is None:
        return _goal(goal, None, None, _NO_FLOOR)
    of_random = excess - gap
    share = excess / of_random if of_random > 0 else None
    return _goal(goal, share, excess <= of_random / 4)


def _below_baselines(comparison: Comparison, default: str) -> dict[str, Any]:
    goal = f"excess_regret@5 below {', '.join(BASELINES[:-1])} and {BASELINES[-1]}"
    if comparison.mean(default, _MEASURE).value is None:
        return _goal(goal, None, None, _NO_FLOOR)
    others = [name for name in BASELINES if name != default]
    gaps: Mapping[str, float | None] = {
        name: comparison.difference(default, name, _MEASURE)[0].value
        for name in others
        if name in comparison.values
    }
    known = [gap for gap in gaps.values() if gap is not None]
    absent = [name for name in others if gaps.get(name) is None]
    value = max(known) if known else None
    if known and max(known) >= 0:
        return _goal(goal, value, False)
    return _goal(goal, value, None if absent else True, f"no scores by {', '.join(absent)}")


def _not_worse_than_tuned(comparison: Comparison, default: str) -> dict[str, Any]:
    goal = f"excess_regret@5 not above {TUNED}'s beyond noise"
    if default == TUNED or TUNED not in comparison.values:
        return _goal(goal, None, None, f"no scores by {TUNED}" if default != TUNED else "it is the default")
    if comparison.mean(default, _MEASURE).value is None:
        return _goal(goal, None, None, _NO_FLOOR)
    gap = comparison.difference(default, TUNED, _MEASURE)[0]
    return _goal(goal, gap.value, None if gap.low is None else gap.low <= 0, "no interval")


def _goal(goal: str, value: float | None, met: bool | None, why: str = "") -> dict[str, Any]:
    return {"goal": goal, "value": value, "met": met} | ({"why": why} if met is None else {})
