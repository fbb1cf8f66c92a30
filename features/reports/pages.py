"""What the page of a target shows, as plain values: safe names, counts, statuses. The template only places it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.rankings.changes import Changes, changes_between
from features.rankings.view import RankingView, RowView, view_of
from features.reports.chart import Drawing, drawing_of
from features.reports.slugs import slug_of
from features.wording import plain
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.workspace import Workspace

__all__ = ["Group", "Section", "TargetPage", "grouped", "is_leading", "target_page"]

_LEADING = 50
"""Rows without a standard error past this rank fold away: a pool of 1,500 has a tail nobody reads first."""

_MOVES = 20
"""As many moves are listed, the farthest first; the JSON beside the page has them all by ``previous_rank``."""

_NEEDED = ("target_version", "encoder", "scorer", "ranking_id", "created_at", "pool_size", "ranking")

Previous = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Gives the different ranking that was in force before one, or None where there is none (any more)."""


@dataclass(frozen=True)
class Group:
    """The rankings of one target, newest first: one per encoder and scorer."""

    name: str
    slug: str
    rankings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Section:
    """One ranking of a target: a target has one per encoder and scorer."""

    anchor: str
    view: RankingView
    drawing: Drawing
    leading: tuple[tuple[int, str, tuple[RowView, ...]], ...]
    tail: tuple[RowView, ...]
    changes: Changes | None = None
    provenance: tuple[tuple[str, str], ...] = ()

    @property
    def moves_shown(self) -> int:
        """How many moves the page lists."""
        return min(_MOVES, len(self.changes.moves)) if self.changes else 0


@dataclass(frozen=True)
class TargetPage:
    """The page of one target, newest ranking first; ``others`` are scorers whose rankings are stored and not shown."""

    name: str
    slug: str
    sections: tuple[Section, ...]
    others: tuple[str, ...] = ()

    @property
    def has_gains(self) -> bool:
        """Whether any of its rankings has expected gains."""
        return any(section.view.has_gains for section in self.sections)


def is_leading(rank: int, stderr: float | None) -> bool:
    """Whether a row is shown with all its numbers; the others are the tail, ordered by score only."""
    return stderr is not None or rank <= _LEADING


def grouped(rankings: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Group rankings by target, by name; of several with one encoder and scorer only the newest is kept.

    Raises
    ------
    ArtefactError
        A ranking lacks what every ranking has.
    """
    newest: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {}
    for ranking in rankings:
        if any(name not in ranking for name in _NEEDED):
            view_of(ranking)  # says what is missing
            raise ArtefactError(
                f"The stored ranking of target '{plain(ranking.get('target', '?'))}' is incomplete"
            )
        of_target = newest.setdefault(str(ranking["target"]), {})
        key = (str(ranking["encoder"]), str(ranking["scorer"]))
        if key not in of_target or str(of_target[key]["created_at"]) < str(ranking["created_at"]):
            of_target[key] = ranking
    return [_group(name, list(newest[name].values())) for name in sorted(newest)]


def _group(name: str, rankings: Sequence[Mapping[str, Any]]) -> Group:
    ordered = sorted(rankings, key=lambda one: str(one["created_at"]), reverse=True)
    return Group(name, slug_of(name), tuple(ordered))


def target_page(
    group: Group,
    previous: Previous,
    now: datetime,
    others: Sequence[str] = (),
    workspace: Workspace | None = None,
) -> TargetPage:
    """Make the page of a target.

    Raises
    ------
    ArtefactError
        A ranking cannot be shown.
    """
    sections = tuple(
        _section(f"ranking-{number}", ranking, previous(ranking), now, workspace)
        for number, ranking in enumerate(group.rankings, 1)
    )
    return TargetPage(plain(group.name), group.slug, sections, tuple(map(plain, others)))


def _section(
    anchor: str,
    ranking: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    now: datetime,
    workspace: Workspace | None,
) -> Section:
    view = view_of(ranking, now=now)
    shown = [row for row in view.rows if is_leading(row.rank, row.stderr)]
    tail = tuple(row for row in view.rows if not is_leading(row.rank, row.stderr))
    groups = [
        (tier.number, tier.label, tuple(row for row in shown if row.tier == tier.number))
        for tier in view.tiers
    ]
    return Section(
        anchor,
        view,
        # The folded tail is not drawn, and must not squeeze the rows that are.
        drawing_of(view, shown),
        tuple(group for group in groups if group[2]),
        tail,
        None if before is None else changes_between(before, ranking, workspace),
        _provenance(ranking),
    )


def _provenance(ranking: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What else a ranking was made from: settings and code, as the file says."""
    settings = ranking.get("settings") or {}
    said = ", ".join(f"{name} {settings[name]}" for name in sorted(settings))
    pairs = [("Settings", said), ("Code", ranking.get("code") or "")]
    return tuple((term, plain(value)) for term, value in pairs if value)
