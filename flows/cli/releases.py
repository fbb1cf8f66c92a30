"""``springboard releases`` and ``springboard diff``: what there was, and what one release changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import release_names

if TYPE_CHECKING:
    from features.releases.commits import Release
    from features.releases.comparing import Difference, Exclusion, TargetDifference

__all__ = ["diff", "releases"]

_MOVES = 10
"""Moved sources that a terminal shows of a target."""


def releases(
    top: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """The releases, newest first: every run that changed something made one."""
    from features.releases.commits import releases as all_releases

    found = all_releases(plan_of(workspace).workspace, top)
    if json:
        print_json([release_record(one) for one in found])
        return
    from flows.cli.render.table import print_table

    rows = [[one.short, one.at[:16].replace("T", " "), one.by, one.message] for one in found]
    print_table(
        ["release", "at", "by", "what"],
        rows,
        empty="No release yet. Next: springboard ingest, or springboard refresh",
        keep=["release", "at"],
        wrap=["what"],
    )


def release_record(release: Release) -> dict[str, Any]:
    """A release as ``--json`` prints it."""
    return {
        "release": release.id,
        "at": release.at,
        "by": release.by,
        "message": release.message,
        "store": release.store,
        "tag": release.tag if release.store else None,
        "restored": release.restored,
    }


def diff(
    old: Annotated[
        str,
        typer.Argument(
            metavar="A", help="A release, latest, previous, or a time.", autocompletion=release_names
        ),
    ],
    new: Annotated[
        str,
        typer.Argument(
            metavar="[B]", help="The same; the latest when not given.", autocompletion=release_names
        ),
    ] = "latest",
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """What changed from one release to another: which ranks moved, and which cause."""
    from features.releases.commits import find_release
    from features.releases.comparing import compare

    place = plan_of(workspace).workspace
    found = compare(place, find_release(place, old), find_release(place, new))
    if json:
        print_json(_record(found))
    else:
        _show(found)


def _record(found: Difference) -> dict[str, Any]:
    return {
        "old": release_record(found.old),
        "new": release_record(found.new),
        "settings": {name: {"old": was, "new": now} for name, (was, now) in found.settings.items()},
        "sources": found.sources,
        "targets": found.targets,
        "unchanged": found.unchanged,
        "rankings": [_ranking_record(one) for one in found.rankings],
    }


def _ranking_record(one: TargetDifference) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "target": one.target,
        "scorer": one.scorer,
        "change": one.change,
        "causes": [cause.value for cause in one.causes],
        "leading_changed": one.leading_changed,
        "leading": {"old": one.leading[0], "new": one.leading[1]},
        "ranking_id": {"old": one.ranking_ids[0], "new": one.ranking_ids[1]},
        "reason": one.why or None,
        "exclusions": [asdict(exclusion) for exclusion in one.exclusions],
        "moves": [
            {**asdict(move), "cause": None if move.cause is None else move.cause.value} for move in one.moves
        ],
    }


def _show(found: Difference) -> None:
    from features.wording import joined, plain

    say(f"From {found.old.short} ({_when(found.old)}, {plain(found.old.message)})")
    say(f"to   {found.new.short} ({_when(found.new)}, {plain(found.new.message)})")
    if found.is_empty:
        say("Nothing changed.")
        return
    for kind, changes in (("Sources", found.sources), ("Targets", found.targets)):
        for what, names in changes.items():
            if names:
                say(f"{kind} {what}: {joined(names)}")
    for name, (was, now) in found.settings.items():
        say(f"Setting {plain(name)}: {plain(was)} -> {plain(now)}")
    for one in found.rankings:
        say()
        _show_one(one)
    if found.unchanged:
        say()
        say(f"{found.unchanged:,} ranking{'s' if found.unchanged > 1 else ''} unchanged.")


def _show_one(one: TargetDifference) -> None:
    from features.wording import joined, plain
    from flows.cli.render.table import print_table

    words = {
        "new": "ranked for the first time",
        "gone": "has no ranking any more",
        "gains": "the same ranks, other expected gains",
        "same ranks": "the same ranks, other scores",
        "same scores": "the same ranks and scores",
        "unreadable": plain(one.why),
        "moved": f"{len(one.moves):,} moved",
    }
    causes = f" ({joined([cause.value for cause in one.causes])})" if one.causes else ""
    say(f"{one.target} by {one.scorer}: {words[one.change]}{causes}")
    if one.leading_changed and one.change not in ("new", "gone", "unreadable"):
        say(f"  leading tier: {joined(one.leading[0]) or 'none'} -> {joined(one.leading[1]) or 'none'}")
    if one.moves:
        rows = [
            [move.source, _place(move.rank_before), _place(move.rank_after), move.cause or "", move.why]
            for move in one.moves[:_MOVES]
        ]
        print_table(
            ["source", "rank", "now", "cause", "why"], rows, keep=["rank", "now"], wrap=["source", "why"]
        )
    if len(one.moves) > _MOVES:
        say(f"  and {len(one.moves) - _MOVES:,} more (--json lists all)")
    # Of a source that had a rank, or has one now, the moves say it.
    moved = {move.source for move in one.moves}
    excluded = [exclusion for exclusion in one.exclusions if exclusion.source not in moved]
    for exclusion in excluded[:_MOVES]:
        say(f"  {plain(exclusion.source)} {plain(_exclusion(exclusion))}")
    if len(excluded) > _MOVES:
        say(f"  and {len(excluded) - _MOVES:,} more left out or taken in (--json lists all)")


def _exclusion(one: Exclusion) -> str:
    if one.after is None:
        return f"is no longer left out (it was: {one.before})"
    return (
        f"is left out: {one.after}" if one.before is None else f"is left out for another reason: {one.after}"
    )


def _place(rank: int | None) -> str:
    return "" if rank is None else str(rank)


def _when(release: Release) -> str:
    return release.at[:16].replace("T", " ")
