"""What expected gains come to, in a sentence: which source to try first, or that none is expected to help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.wording import counted
from models.calibration.conformal import targets_needed

__all__ = ["NO_GAINS", "advice_of", "completed", "evidence_words", "gain_words", "helps", "signed"]

NO_GAINS: dict[str, Any] = {"expected_gain": None, "gain_low": None, "gain_high": None}
"""Of a row where nothing is calibrated."""


def completed(
    ranking: Mapping[str, Any], default_scorer: str | None = None, coverage: float = 0.8
) -> dict[str, Any]:
    """A stored ranking with every field that ``rank --json`` prints of gains, null where there are none.

    Rankings from before there was any calibration lack them, and keep their ids. The other two as in :func:`advice_of`.
    """
    rows = [{**NO_GAINS, **row} for row in ranking["ranking"]]
    calibration = ranking.get("calibration")
    full = {**ranking, "calibration": calibration, "ranking": rows}
    return {**full, "advice": advice_of(full, default_scorer, coverage)}


def advice_of(
    ranking: Mapping[str, Any],
    default_scorer: str | None = None,
    coverage: float = 0.8,
    *,
    with_tier: bool = True,
) -> str:
    """One or two sentences; where there are no expected gains, why.

    Parameters
    ----------
    ranking
        With the fields of :func:`completed` but this one.
    default_scorer
        The one of params.yaml, where it is known.
    coverage
        Of intervals, as params.yaml has it: how many targets' results it takes is said where there are too few.
    with_tier
        Say how many sources come level with the one named; not where it stands beside words on the tiers.
    """
    if ranking["calibration"] is None:
        return _why_none(ranking, default_scorer, coverage)
    best = _best(ranking["ranking"])
    level = _level(ranking["ranking"], best) if with_tier else []
    parts = [_first(best), *level, *_far_from(ranking)]
    return " ".join(parts)


def helps(ranking: Mapping[str, Any]) -> bool:
    """Whether any source is expected to help, as far as there are expected gains at all."""
    told = ranking.get("calibration") is not None
    return not told or _is_worth_a_try(_best(ranking["ranking"]))


def _best(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    # Of equal ones the better score: within the evidence's noise the ranking decides.
    return max(rows, key=lambda row: (row["expected_gain"], -row["rank"]))


def _is_worth_a_try(best: Mapping[str, Any]) -> bool:
    return bool(round(best["expected_gain"], 1) > 0)


def _why_none(ranking: Mapping[str, Any], default_scorer: str | None, coverage: float) -> str:
    if default_scorer is not None and ranking["scorer"] != default_scorer:
        return f"No expected gains: they go by the default scorer ({default_scorer}), and this is another."
    if ranking.get("base_score") is None:
        return "No expected gains: the untouched encoder has no score to hold the others against."
    return (
        f"No expected gains: that takes results of past transfers on at least {targets_needed(coverage)} targets, for "
        f"intervals that hold {coverage:.0%}, from a pool with evidence or springboard feedback."
    )


def _first(best: Mapping[str, Any]) -> str:
    name = best["source"]
    place = "" if best["rank"] == 1 else f" (rank {best['rank']:,} by score)"
    if not _is_worth_a_try(best):
        return (
            f"No source is expected to help; the most promising is {name}{place}: {gain_words(best)} points."
        )
    doubt = "" if best["gain_low"] > 0 else ", so it may not help"
    return f"Try {name}{place} first: expected {gain_words(best)} points{doubt}."


def _level(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> list[str]:
    """Say how many come level with the best, where that is known of its tier."""
    tier = [row for row in rows if row["tier"] == best["tier"] and row["stderr"] is not None]
    if len(tier) < 2 or not _is_worth_a_try(best):
        return []
    first = tier[0]["rank"] == 1
    which = f"The first {len(tier):,}" if first else f"The {counted(len(tier), 'source')} of its tier"
    return [f"{which} cannot be told apart by score."]


def _far_from(ranking: Mapping[str, Any]) -> list[str]:
    """Say where the target's size is not among those that the evidence is of: gains shrink as targets grow."""
    rows, (least, most) = ranking.get("target_rows"), ranking["calibration"]["target_rows"]
    if rows is None or least / 2 <= rows <= 2 * most:
        return []
    size = f"{least:,} rows" if least == most else f"{least:,} to {most:,} rows"
    less = "expect less than that" if rows > most else "expect other gains"
    return [f"The evidence is of targets with {size}, and this one has {rows:,}: {less}."]


def evidence_words(calibration: Mapping[str, Any]) -> str:
    """What stands behind expected gains, for people: how much evidence, and how it told targets it did not know."""
    reported = calibration["reported_pairs"]
    ours = f", {reported:,} of them reported here" if reported else ""
    pairs, targets = counted(calibration["pairs"], "transfer"), counted(calibration["targets"], "target")
    said = f"in points, from {pairs} to {targets}{ours}"
    share = calibration["held_out_coverage"]
    if share is None:
        return f"{said}; too few to hold one out"
    return f"{said}; {calibration['coverage']:.0%} intervals held {share:.0%} on targets held out"


def gain_words(row: Mapping[str, Any]) -> str:
    """``"+2.1 (-0.4 to +4.6)"``, in points."""
    low, high = signed(row["gain_low"]), signed(row["gain_high"])
    return f"{signed(row['expected_gain'])} ({low} to {high})"


def signed(points: float) -> str:
    """``"+2.1"``, ``"-0.4"`` or ``"0.0"``."""
    text = f"{points:+.1f}"
    return "0.0" if float(text) == 0 else text
