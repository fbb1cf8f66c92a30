"""What each page shows, as plain values: safe names, counts, statuses. The templates only place it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from features.rankings.view import RankingView, RowView, view_of
from features.reports.chart import Axis, axis_of
from features.reports.slugs import slug_of
from features.wording import plain

__all__ = [
    "Section",
    "TargetPage",
    "as_of_page",
    "cells_of",
    "quarantine_of",
    "sources_of",
    "stale_of",
    "target_pages",
]

_LEADING = 50
"""Rows without a standard error past this rank fold away: a pool of 1,500 has a tail nobody reads first."""

_DASH = "\N{EN DASH}"
_STATUSES = ("ranked", "pending", "refused")


@dataclass(frozen=True)
class Section:
    """One ranking of a target: a target has one per encoder and scorer."""

    anchor: str
    view: RankingView
    axis: Axis
    leading: tuple[tuple[int, str, tuple[RowView, ...]], ...]
    tail: tuple[RowView, ...]


@dataclass(frozen=True)
class TargetPage:
    """The page of one target, newest ranking first; ``others`` are scorers whose rankings are stored and not shown."""

    name: str
    slug: str
    sections: tuple[Section, ...]
    raw: tuple[Mapping[str, Any], ...]
    others: tuple[str, ...] = ()

    @property
    def view(self) -> RankingView:
        """The newest ranking."""
        return self.sections[0].view

    @property
    def has_gains(self) -> bool:
        """Whether any of its rankings has expected gains."""
        return any(section.view.has_gains for section in self.sections)


def target_pages(
    rankings: Iterable[Mapping[str, Any]], now: datetime, others: Mapping[str, Sequence[str]] | None = None
) -> list[TargetPage]:
    """Group rankings by target, by name; of several with one encoder and scorer only the newest is kept."""
    newest: dict[str, dict[tuple[str, str], tuple[RankingView, Mapping[str, Any]]]] = {}
    for ranking in rankings:
        view = view_of(ranking, now=now)
        of_target = newest.setdefault(str(ranking["target"]), {})
        key = (str(ranking["encoder"]), str(ranking["scorer"]))
        if key not in of_target or of_target[key][0].created_at < view.created_at:
            of_target[key] = (view, ranking)
    return [_page(name, list(newest[name].values()), (others or {}).get(name, ())) for name in sorted(newest)]


def _page(
    name: str, pairs: Sequence[tuple[RankingView, Mapping[str, Any]]], others: Sequence[str]
) -> TargetPage:
    ordered = sorted(pairs, key=lambda pair: pair[0].created_at, reverse=True)
    sections = tuple(_section(f"ranking-{i}", view) for i, (view, _) in enumerate(ordered, 1))
    raw = tuple(raw for _, raw in ordered)
    return TargetPage(plain(name), slug_of(name), sections, raw, tuple(map(plain, others)))


def _section(anchor: str, view: RankingView) -> Section:
    shown = [row for row in view.rows if row.stderr is not None or row.rank <= _LEADING]
    tail = tuple(row for row in view.rows if row.stderr is None and row.rank > _LEADING)
    groups = [
        (tier.number, tier.label, tuple(row for row in shown if row.tier == tier.number))
        for tier in view.tiers
    ]
    # The folded tail is not drawn, and must not squeeze the rows that are.
    axis = axis_of(replace(view, rows=tuple(shown)))
    return Section(anchor, view, axis, tuple(group for group in groups if group[2]), tail)


def as_of_page(age: str) -> str:
    """Return an age that stays true when read later: ``"3 hours before this page was written"``."""
    return f"{age.removesuffix(' ago')} before this page was written" if age.endswith(" ago") else age


def cells_of(record: Mapping[str, Any], *keys: str) -> str:
    """Return the first of `keys` that a record has, as one line of text; a dash where it has none."""
    for key in keys:
        value = record.get(key)
        if value is None or value == "":
            continue
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        if isinstance(value, list | tuple):
            return plain("; ".join(str(part) for part in value))
        return plain(value)
    return _DASH


def sources_of(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the rows of the table of sources, by name: name, task, rows, licence, status and reason."""
    rows = [
        {
            "name": cells_of(source, "name", "source"),
            "task": cells_of(source, "task").replace("_", " "),
            "rows": cells_of(source, "rows"),
            "licence": cells_of(source, "licence", "license"),
            "status": cells_of(source, "status"),
            "reason": _reason(source),
        }
        for source in sources
    ]
    for row in rows:
        # The status also picks a style, so only the three words we know may get that far.
        row["style"] = row["status"] if row["status"] in _STATUSES else "other"
    return sorted(rows, key=lambda row: row["name"].casefold())


def _reason(source: Mapping[str, Any]) -> str:
    """Return why a source stands where it stands: what was met, and whether it is a twin of another."""
    met = cells_of(source, "reason", "reasons")
    twin = source.get("same_rows_as")
    parts = ["" if met == _DASH else met, f"the same rows as {plain(twin)}" if twin else ""]
    return "; ".join(part for part in parts if part)


def stale_of(records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the targets that wait for a refresh, by name: name and reason."""
    rows = [{"name": cells_of(record, "name"), "reason": cells_of(record, "reason")} for record in records]
    return sorted(rows, key=lambda row: row["name"].casefold())


def quarantine_of(records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the rows of the quarantine table: name, what was refused, rows, rule, reason, since when."""
    rows = [
        {
            "name": cells_of(record, "name", "dataset", "source"),
            "what": _what(record),
            "rows": cells_of(record, "rows", "count"),
            "rule": cells_of(record, "rule"),
            "reason": cells_of(record, "reason", "reasons", "message"),
            "since": cells_of(record, "created_at", "at", "when")[:16].replace("T", " "),
        }
        for record in records
    ]
    return sorted(rows, key=lambda row: (row["name"].casefold(), row["rule"]))


def _what(record: Mapping[str, Any]) -> str:
    """Return what was refused: ``"source dataset"``, ``"target rows"``."""
    parts = [cells_of(record, key) for key in ("role", "what")]
    return " ".join(part for part in parts if part != _DASH) or _DASH
