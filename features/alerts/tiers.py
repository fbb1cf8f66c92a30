"""Leading tiers that changed: when whoever followed the last ranking would now be told something else.

Sources of one tier cannot be told apart, and which of them the tier's edge falls on is chance. So there is news where

- the source that led is in the leading tier no more: it is beaten by more than 2 standard errors, left out, or gone; or
- the source that leads now was ranked before, below the leading tier: it was beaten by that much, and leads.

There is none where sources at the tier's edge came in or fell out, where the order inside of it is another, where a new
source leads with the old leader in its tier (the data cannot tell which is better), or where somebody restored an
earlier ranking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from features.alerts.alert import Alert
from features.rankings.changes import changes_between
from features.rankings.history import order_of
from features.rankings.pins import pins_in_force
from features.rankings.ranking import read_ranking
from features.wording import joined
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.alerts.reading import Reading
    from features.workspace.layout import Workspace

__all__ = ["is_news", "tier_changes"]


def is_news(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the leading tier of a ranking is another than that of the one before, by more than noise.

    Parameters
    ----------
    old, new
        What the ranking files hold.
    """
    before, now = _leading(old), _leading(new)
    if not before or not now:
        return before != now
    was_ranked = any(row["source"] == now[0] for row in old["ranking"])
    return before[0] not in now or (was_ranked and now[0] not in before)


def _leading(ranking: Mapping[str, Any]) -> list[str]:
    rows: Sequence[Mapping[str, Any]] = ranking["ranking"]
    return [str(row["source"]) for row in rows if row["tier"] == rows[0]["tier"]]


def tier_changes(reading: Reading) -> Iterator[Alert]:
    """One alert for each new ranking by the default scorer that has news."""
    workspace = reading.workspace
    scorer = workspace.settings.ranking.scorer
    new = [place for place, _ in reading.new_lines("rankings")]
    if not new:
        return
    lines = _ledger(workspace)
    for place in new:
        line = lines[place]
        if line["scorer"] != scorer or "restored_from" in line:
            continue
        of = (line["target"], line["scorer"], line["encoder"])
        before = [one for one in lines[:place] if (one["target"], one["scorer"], one["encoder"]) == of]
        if before and order_of(before[-1]) != order_of(line):
            yield from _compared(workspace, before[-1], line)


def _ledger(workspace: Workspace) -> list[dict[str, Any]]:
    from features.rankings.history import RankingLedger

    return RankingLedger(workspace).lines()


def _compared(workspace: Workspace, old_line: Mapping[str, Any], line: Mapping[str, Any]) -> Iterator[Alert]:
    folder = workspace.folder("rankings")
    try:
        old, new = read_ranking(folder, old_line["ranking_id"]), read_ranking(folder, line["ranking_id"])
    except ArtefactError:
        return  # A file that is lost is told of where it is needed.
    if not is_news(old, new):
        return
    before, now, target = _leading(old), _leading(new), str(line["target"])
    found = changes_between(old, new, workspace)
    causes = list(found.causes) or [
        f"{move.source}: {move.cause}." for move in found.moves if move.source in now[:1]
    ]
    pinned = target in pins_in_force(workspace)
    yield Alert(
        "tier_changed",
        (target, str(line["scorer"]), str(line["encoder"]), str(line["at"])),
        f"target '{target}': the leading tier was {joined(before) or 'empty'}; it is {joined(now) or 'empty'} now",
        " ".join(causes) or "the same inputs gave other scores",
        f"springboard rank {target}" + (" (pinned: what it shows stays as it is)" if pinned else ""),
        {
            "target": target,
            "leading_before": before,
            "leading": now,
            "ranking_id": line["ranking_id"],
            "previous_ranking_id": old_line["ranking_id"],
            "pinned": pinned,
        },
    )
