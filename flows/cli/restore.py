"""``springboard restore``, ``pin`` and ``unpin``: showing what an earlier release showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import release_names, target_names

if TYPE_CHECKING:
    from features.rankings.pins import Pin
    from features.releases.restoring import Restored

__all__ = ["pin", "restore", "unpin"]

_Release = Annotated[
    str,
    typer.Argument(metavar="R", help="A release, latest, previous, or a time.", autocompletion=release_names),
]
_Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A registered target.", autocompletion=target_names)
]
_Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with it, and shown.")]


def restore(release: _Release, json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Make a new release whose rankings, settings and artefacts are as in R; what was registered stays."""
    from features.releases.restoring import restore as put_back

    done = put_back(plan_of(workspace).workspace, release)
    if json:
        print_json(_record(done))
    else:
        _show(done)


def _record(done: Restored) -> dict[str, Any]:
    names = ("target", "scorer", "encoder", "ranking_id")
    return {
        "restored": done.source.id,
        "release": done.release,
        "rankings": [{name: line[name] for name in names} for line in done.rankings],
        "settings": {name: {"old": was, "new": now} for name, (was, now) in done.settings.items()},
        "files": done.files,
        "not_in_it": done.newer,
        "pinned": done.pinned,
    }


def _show(done: Restored) -> None:
    from features.wording import counted, joined, plain

    source = (
        f"release {done.source.short} ({done.source.at[:16].replace('T', ' ')}, {plain(done.source.message)})"
    )
    if done.release is None:
        say(f"Nothing to restore: rankings, settings and artefacts are as in {source}.")
        return
    say(f"Restored {source}")
    for line in done.rankings:
        say(f"  {line['target']} by {line['scorer']}: ranking {line['ranking_id'][:12]} is in force again")
    for name, (was, now) in done.settings.items():
        say(f"  setting {plain(name)}: {plain(was)} -> {plain(now)}")
    if done.files:
        say(f"  {counted(done.files, 'artefact file')} put in place")
    if done.newer:
        say(f"  not ranked in that release, left as they are: {joined(done.newer)}")
    if done.pinned:
        say(f"  still pinned to what they show: {joined(done.pinned)}")
    say(f"It is release {done.release[:12]}. Schedules leave these rankings until something new changes;")
    say("springboard refresh NAME --force ranks anew now, springboard pin TARGET R holds one for longer.")


def pin(
    target: _Target,
    release: _Release,
    reason: _Reason = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Keep a target's shown ranking as in R until it is unpinned; refreshes go on computing."""
    from features.releases.pinning import pin as set_pin

    found, made = set_pin(plan_of(workspace).workspace, target, release, reason)
    if json:
        print_json({**_pin_record(found), "changed": made is not None, "recorded": made})
        return
    how = "Pinned" if made else "Pinned already"
    say(f"{how}: '{found.target}' is shown as in release {found.release[:12]}")
    say(f"Next: springboard rank {found.target}; springboard unpin {found.target} ends it")


def unpin(
    target: _Target, reason: _Reason = None, json: AsJson = False, workspace: WorkspaceOption = None
) -> None:
    """Show a target's newest ranking again."""
    from features.releases.pinning import unpin as end_pin

    found, made = end_pin(plan_of(workspace).workspace, target, reason)
    if json:
        print_json({**_pin_record(found), "changed": True, "recorded": made})
        return
    say(
        f"Unpinned: '{found.target}' shows its newest ranking, no longer that of release {found.release[:12]}"
    )


def _pin_record(found: Pin) -> dict[str, Any]:
    return {
        "target": found.target,
        "release": found.release,
        "since": found.at,
        "by": found.by,
        "reason": found.reason,
        "scorers": sorted({line["scorer"] for line in found.rankings}),
    }
