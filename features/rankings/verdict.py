"""What a ranking does and does not say, in words: its tiers, and one honest summary.

The sentences claim no more than the tiers do. A tier starts at the first source whose paired difference from
the current tier's leader exceeds 2 standard errors; inside a tier the order is not evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.wording import counted, joined

if TYPE_CHECKING:
    from features.rankings.view import BaseView, RowView

__all__ = ["WHISKER", "TierView", "base_sentence", "first_sentence", "hidden_of", "tiers_of", "why_nothing"]

WHISKER = 2.0
"""Half a whisker's length in standard errors: the same 2 that starts a new tier."""


@dataclass(frozen=True)
class TierView:
    """A tier of the whole ranking: the ranks it spans, and how many of its members were compared.

    Sources below the leading ones have no standard error and share the last tier: of those the order by score
    is all that is known, and ``label`` says so.
    """

    number: int
    first_rank: int
    last_rank: int
    count: int
    compared: int
    label: str


def tiers_of(rows: Sequence[RowView]) -> tuple[TierView, ...]:
    """Return the tiers of all rows of a ranking, first tier first."""
    members: dict[int, list[RowView]] = {}
    for row in rows:
        members.setdefault(row.tier, []).append(row)
    return tuple(_tier(number, members[number]) for number in sorted(members))


def _tier(number: int, rows: Sequence[RowView]) -> TierView:
    compared = sum(row.stderr is not None for row in rows)
    if compared == 0:
        label = "ordered by score only"
    elif compared < len(rows):
        label = "the tail is ordered by score only"
    elif len(rows) == 1:
        label = "stands alone"
    else:
        label = "cannot be told apart"
    return TierView(number, rows[0].rank, rows[-1].rank, len(rows), compared, label)


def hidden_of(rows: Sequence[RowView], shown: int) -> str:
    """Say what showing only the first rows cut off, above all if it cut through a tier; empty if nothing."""
    hidden = rows[shown:]
    if not hidden:
        return ""
    text = f"{counted(len(hidden), 'more source')} not shown"
    tier = rows[shown - 1].tier if shown else hidden[0].tier
    split = sum(row.tier == tier for row in hidden)
    return f"{text}, {split:,} of them in tier {tier}" if split else text


def first_sentence(
    rows: Sequence[RowView],
    tiers: Sequence[TierView],
    excluded: Sequence[str],
    *,
    lower: bool = False,
    no_stderr: str = "",
) -> str:
    """Return what the first tier says, naming its sources.

    Parameters
    ----------
    rows, tiers
        All of the ranking.
    excluded
        The reason of each source that was left out.
    lower
        Whether the lowest score is the best.
    no_stderr
        Why this scorer's scores have no standard errors, where it has none at all.
    """
    if not rows:
        return f"Nothing is ranked: {why_nothing(excluded)}."
    first = tiers[0]
    names = [row.source for row in rows if row.tier == first.number]
    if len(rows) == 1:
        return f"Only one source is ranked, {names[0]}: there is nothing to compare it with."
    if first.compared == 0:
        why = f"No standard errors: {no_stderr}. " if no_stderr else "No standard errors were computed. "
        same = sum(row.score == rows[0].score for row in rows)
        if same == len(rows):
            return f"{why}All {same:,} sources have the same score."
        if same > 1:
            return f"{why}By score alone {counted(same, 'source')} come first, all with the same score."
        return f"{why}The order is by score only: {names[0]} is {'lowest' if lower else 'highest'}."
    if first.count == 1:
        return f"{names[0]} comes first, alone in its tier: its lead is larger than 2 standard errors."
    if first.compared < first.count:
        return (
            f"The data cannot tell the leading {counted(first.compared, 'source')} apart: "
            f"{joined(names[: first.compared])}."
        )
    if len(tiers) == 1:
        return f"The data cannot tell the {len(rows):,} sources apart: {joined(names)}."
    return f"The first tier holds {first.count:,} sources that the data cannot tell apart: {joined(names)}."


def why_nothing(excluded: Sequence[str]) -> str:
    """Return why no source could be scored, from the reason of each that was left out."""
    if not excluded:
        return "no source could be scored"
    left_out = counted(len(excluded), "source was", "sources were")
    reasons = dict.fromkeys(excluded)
    why = f" ({next(iter(reasons))})" if len(reasons) == 1 else f", for {len(reasons):,} reasons"
    return f"no source could be scored; {left_out} left out{why}"


def base_sentence(rows: Sequence[RowView], base: BaseView | None, *, lower: bool = False) -> str:
    """Set the leader against the untouched encoder; empty where that was not scored.

    Both are scored on the same rows and so rise and fall together; adding their variances as if they were
    independent overstates the doubt, which is the side to err on before somebody spends a fine-tuning run.
    """
    if base is None or not rows:
        return ""
    leader, side = rows[0], "below" if lower else "above"
    lead = base.score - leader.score if lower else leader.score - base.score
    if lead <= 0:
        return f"No source scores {side} the untouched encoder: fine-tuning on one first is not expected to help."
    if leader.stderr is not None and base.stderr is not None:
        doubt = WHISKER * math.hypot(leader.stderr, base.stderr)
        if lead <= doubt:
            return "Even the leader's gain over the untouched encoder is within its uncertainty."
    better = " (lower is better)" if lower else ""
    return f"{base.beaten_by:,} of {len(rows):,} score {side} the untouched encoder{better}."
