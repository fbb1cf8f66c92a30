"""What changed between two releases: sources, settings, and which ranks moved for which cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from features.rankings.ranking import GAIN_FIELDS, read_ranking
from features.registry.entries import POOL_ADDED
from features.releases.causes import Cause, Pair
from features.releases.settings import changed_settings
from features.releases.snapshot import Snapshot
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.releases.commits import Release
    from features.workspace.layout import Workspace

__all__ = ["Difference", "Exclusion", "Move", "TargetDifference", "compare"]


@dataclass(frozen=True)
class Move:
    """A source whose rank or tier is another; None where it has none.

    ``cause`` is None where nothing about the source changed and others moved past it.
    """

    source: str
    rank_before: int | None
    rank_after: int | None
    tier_before: int | None
    tier_after: int | None
    cause: Cause | None
    why: str


@dataclass(frozen=True)
class Exclusion:
    """A source that is left out now, no longer is, or is for another reason: the reasons, None where it was not."""

    source: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TargetDifference:
    """What became of one target's ranking by one scorer.

    ``change`` is ``new`` (ranked in the second release only), ``gone``, ``moved``, ``same ranks`` (other scores, and
    every source at its place), ``gains`` (the same scores too, other expected gains), ``same scores`` (what is left is
    in ``causes`` and ``exclusions``) or ``unreadable`` (a ranking's file is missing; ``why`` says which). ``causes``
    are those of all sources, the moved ones or not, and of those left out. ``leading`` are the sources of the first
    tier before and after.
    """

    target: str
    scorer: str
    change: str
    causes: list[Cause] = field(default_factory=list)
    leading: tuple[list[str], list[str]] = ([], [])
    moves: list[Move] = field(default_factory=list)
    ranking_ids: tuple[str | None, str | None] = (None, None)
    why: str = ""
    exclusions: list[Exclusion] = field(default_factory=list)

    @property
    def leading_changed(self) -> bool:
        """Whether the first tier holds other sources."""
        return set(self.leading[0]) != set(self.leading[1])


@dataclass(frozen=True)
class Difference:
    """What changed from one release to another.

    Attributes
    ----------
    old, new
        The releases.
    settings
        ``section.key`` -> (before, after), of every section.
    sources, targets
        ``added``, ``changed`` and ``removed`` -> names.
    rankings
        One for each target and scorer whose ranking is another.
    unchanged
        How many rankings are the same.
    """

    old: Release
    new: Release
    settings: dict[str, tuple[Any, Any]]
    sources: dict[str, list[str]]
    targets: dict[str, list[str]]
    rankings: list[TargetDifference]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all changed that a release holds in words."""
        named = [*self.sources.values(), *self.targets.values()]
        return not (self.settings or self.rankings or any(named))


def compare(workspace: Workspace, old: Release, new: Release) -> Difference:
    """Compare what two releases show.

    Raises
    ------
    RecordError
        git cannot give what a release holds.
    """
    before, after = Snapshot(workspace, old), Snapshot(workspace, new)
    sections = tuple(dict.fromkeys([*before.params, *after.params]))
    settings = changed_settings(before.params, after.params, sections)
    rankings, unchanged = [], 0
    for target, scorer in sorted({*before.in_force, *after.in_force}):
        lines = before.in_force.get((target, scorer)), after.in_force.get((target, scorer))
        if lines[0] and lines[1] and lines[0]["ranking_id"] == lines[1]["ranking_id"]:
            unchanged += 1
            continue
        rankings.append(_one(workspace, target, scorer, lines, frozenset(settings)))
    return Difference(
        old=old,
        new=new,
        settings=settings,
        sources=_names(before, after, "source"),
        targets=_names(before, after, "target"),
        rankings=rankings,
        unchanged=unchanged,
    )


def _names(before: Snapshot, after: Snapshot, kind: str) -> dict[str, list[str]]:
    was, now = _versions(before, kind), _versions(after, kind)
    return {
        "added": sorted(set(now) - set(was)),
        "changed": sorted(name for name in now if name in was and now[name] != was[name]),
        "removed": sorted(set(was) - set(now)),
    }


def _versions(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """Name -> the version it stood for."""
    found: dict[str, str] = {}
    for line in snapshot.ledger("registry"):
        if line.get("event") == "registered" and line["kind"] == kind:
            found[line["name"]] = line["version"]
        elif line.get("event") == POOL_ADDED and kind == "source":
            for one in line["sources"]:
                found.setdefault(one["name"], one["version"])
    return found


def _one(
    workspace: Workspace,
    target: str,
    scorer: str,
    lines: tuple[dict[str, Any] | None, dict[str, Any] | None],
    settings: frozenset[str],
) -> TargetDifference:
    first, second = lines
    ids = (first["ranking_id"] if first else None, second["ranking_id"] if second else None)
    try:
        old, new = (read_ranking(workspace.folder("rankings"), one) if one else None for one in ids)
    except ArtefactError as problem:
        return TargetDifference(target, scorer, "unreadable", ranking_ids=ids, why=problem.what)
    leading = _leading(old), _leading(new)
    if old is None or new is None:
        return TargetDifference(target, scorer, "gone" if new is None else "new", [], leading, [], ids)
    pair = Pair(workspace, old, new, settings)
    moves, causes = _moves(pair)
    exclusions = _exclusions(old, new)
    ranked = {row["source"] for one in (old, new) for row in one["ranking"]}
    if any(one.source not in ranked for one in exclusions):
        causes.add(pair.cause_of_leaving_out())
    # Other scores give other expected gains by themselves.
    scored_alike = _scores(old) == _scores(new)
    regained = scored_alike and _gains(old) != _gains(new)
    if regained:
        causes.add(pair.cause_of_gains())
    change = (
        "moved" if moves else "same ranks" if not scored_alike else "gains" if regained else "same scores"
    )
    # In the order in which people would look for one.
    ordered = [cause for cause in Cause if cause in causes]
    return TargetDifference(target, scorer, change, ordered, leading, moves, ids, exclusions=exclusions)


def _scores(ranking: Mapping[str, Any]) -> tuple[Any, Any]:
    """What the scorer gave: for each source, and for the untouched encoder."""
    base = ranking["base_score"]
    return {row["source"]: row["score"] for row in ranking["ranking"]}, base and base["score"]


def _gains(ranking: Mapping[str, Any]) -> tuple[Any, Any]:
    rows = {row["source"]: [row.get(name) for name in GAIN_FIELDS] for row in ranking["ranking"]}
    return rows, ranking.get("calibration")


def _exclusions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Exclusion]:
    before, after = (
        {str(one["source"]): str(one["reason"]) for one in ranking.get("excluded", ())}
        for ranking in (old, new)
    )
    found = (Exclusion(name, before.get(name), after.get(name)) for name in {**after, **before})
    return [one for one in found if one.before != one.after]


def _moves(pair: Pair) -> tuple[list[Move], set[Cause]]:
    before = {row["source"]: row for row in pair.old["ranking"]}
    after = {row["source"]: row for row in pair.new["ranking"]}
    moves, causes = [], set()
    for name in [*after, *(name for name in before if name not in after)]:
        was, now = before.get(name), after.get(name)
        cause, why = pair.cause(name)
        if cause is not None:
            causes.add(cause)
        places = [(row["rank"], row["tier"]) if row else (None, None) for row in (was, now)]
        if places[0] != places[1]:
            moves.append(Move(name, places[0][0], places[1][0], places[0][1], places[1][1], cause, why))
    return moves, causes


def _leading(ranking: Mapping[str, Any] | None) -> list[str]:
    rows = ranking["ranking"] if ranking else []
    return [row["source"] for row in rows if row["tier"] == rows[0]["tier"]]
