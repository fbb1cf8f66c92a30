"""All targets at a glance: one view model behind the first page, the terminal and the Prefect artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.calibration.advice import helps
from features.rankings.changes import changes_between
from features.reports.cells import DASH, cells_of, moment_text
from features.reports.pages import Group, Previous
from features.reports.remembered import Remembered
from features.reports.slugs import slug_of
from features.wording import counted, joined, plain

__all__ = ["Overview", "TargetRow", "overview_of"]

_STATUSES = ("fresh", "stale", "not scored")


@dataclass(frozen=True)
class TargetRow:
    """One target: how fresh its newest ranking is and was promised to be, what leads it, and what that ranking changed.

    ``status`` is "fresh", "stale", "not scored" or "ranked" (where nothing is known of its freshness), ``reason`` why
    it is not fresh, ``promise`` how soon it was promised to be, and whether that is ``broken``, ``leading`` the sources
    of the first tier, ``note`` a doubt whether any source helps at all, ``change`` a few words on what is other than in
    the ranking before, ``news`` whether that is another leading tier, ``has_page`` whether it was ever ranked.
    """

    name: str
    slug: str
    task: str
    rows: str
    status: str
    reason: str
    promise: str
    broken: bool
    leading: tuple[str, ...]
    ranked: int
    note: str
    change: str
    news: bool
    ranked_at: str
    ranking_id: str
    has_page: bool

    @property
    def leading_text(self) -> str:
        """The first tier in a few words."""
        return joined(self.leading, 3) or DASH

    @property
    def style(self) -> str:
        """The status as a class of the page."""
        return self.status.replace(" ", "-") if self.status in _STATUSES else "other"


@dataclass(frozen=True)
class Overview:
    """All targets, and the pool in numbers."""

    targets: tuple[TargetRow, ...]
    sources: int
    quarantined: int

    @property
    def stale(self) -> tuple[TargetRow, ...]:
        """Those that wait for a refresh."""
        return tuple(row for row in self.targets if row.status == "stale")

    @property
    def sentence(self) -> str:
        """What there is: ``"3 targets, 1 of them stale; 12 sources, 2 entries in quarantine."``."""
        stale = f", {len(self.stale):,} of them stale" if self.stale else ""
        broken = sum(row.broken for row in self.targets)
        stale += f" ({broken:,} longer than promised)" if broken else ""
        waiting = counted(self.quarantined, "entry", "entries")
        return (
            f"{counted(len(self.targets), 'target')}{stale}; {counted(self.sources, 'source')}, "
            f"{waiting} in quarantine."
        )


def overview_of(
    groups: Sequence[Group],
    records: Iterable[Mapping[str, Any]],
    previous: Previous,
    remembered: Remembered,
    *,
    sources: int = 0,
    quarantined: int = 0,
) -> Overview:
    """Make the overview.

    Parameters
    ----------
    groups
        The rankings that are shown, by target.
    records
        One per registered target: ``name``, ``task``, ``rows``, ``status``, ``reason``, ``stale_since``,
        ``fresh_within`` and ``broken``. A target that has rankings and no record is shown all the same.
    previous
        Gives the ranking before one.
    remembered
        Keeps what two rankings come to, by their ids.
    sources, quarantined
        How many there are.
    """
    of_name = {group.name: group for group in groups}
    known = {str(record["name"]): record for record in records}
    rows = [
        _row(name, known.get(name, {}), of_name.get(name), previous, remembered)
        for name in sorted({*of_name, *known}, key=str.casefold)
    ]
    return Overview(tuple(rows), sources, quarantined)


def _row(
    name: str, record: Mapping[str, Any], group: Group | None, previous: Previous, remembered: Remembered
) -> TargetRow:
    newest: Mapping[str, Any] = group.rankings[0] if group else {}
    rows: Sequence[Mapping[str, Any]] = newest.get("ranking", ())
    change, news = _change(newest, previous, remembered) if newest else ("", False)
    return TargetRow(
        name=plain(name),
        slug=slug_of(name),
        task=cells_of({**newest, **record}, "task").replace("_", " "),
        rows=cells_of(record, "rows") if record.get("rows") else cells_of(newest, "target_rows"),
        status=plain(record.get("status") or "ranked"),
        reason=_reason(record, newest),
        promise=_promise(record),
        broken=bool(record.get("broken")),
        leading=tuple(plain(row["source"]) for row in rows if row["tier"] == rows[0]["tier"]),
        ranked=len(rows),
        note=_note(newest) if rows else "",
        change=change,
        news=news,
        ranked_at=moment_text(newest.get("created_at")),
        ranking_id=plain(newest.get("ranking_id") or ""),
        has_page=group is not None,
    )


def _reason(record: Mapping[str, Any], newest: Mapping[str, Any]) -> str:
    reason = plain(record.get("reason") or "")
    since = moment_text(record.get("stale_since"))
    if since and record.get("status") == "stale":
        reason = f"{reason}, since {since} UTC"
    pin = newest.get("pinned") or {}
    pinned = f"pinned to release {plain(pin['release'])[:12]}" if pin.get("release") else ""
    return "; ".join(part for part in (pinned, reason) if part)


def _promise(record: Mapping[str, Any]) -> str:
    if not record.get("fresh_within"):
        return ""
    return f"promised within {plain(record['fresh_within'])}{', broken' if record.get('broken') else ''}"


def _note(ranking: Mapping[str, Any]) -> str:
    """Say where the whole ranking comes down to no source at all."""
    if not helps(ranking):
        return "No source is expected to help."
    base = ranking.get("base_score")
    if base is None or ranking.get("calibration"):
        return ""
    lower = ranking.get("direction") == "lower"
    lead = ranking["ranking"][0]["score"] - base["score"]
    if (-lead if lower else lead) > 0:
        return ""
    return f"No source scores {'below' if lower else 'above'} the untouched encoder."


def _change(ranking: Mapping[str, Any], previous: Previous, remembered: Remembered) -> tuple[str, bool]:
    def compare() -> list[Any]:
        before = previous(ranking)
        if before is None:
            return ["the one before is not here", False]
        found = changes_between(before, ranking)
        return [found.short, found.leading_changed]

    before_id = ranking.get("previous_ranking_id")
    if not before_id:
        return "first ranking", False
    short, news = remembered.get(f"change {before_id} {ranking['ranking_id']}", compare)
    return str(short), bool(news)
