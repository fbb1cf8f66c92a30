"""``springboard ingest``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import source_names

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["ingest", "run_ingest"]


def ingest(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME ...]",
            help="Sources; all pending ones when not given.",
            autocompletion=source_names,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All sources, as when no name is given.")] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make what pending sources lack: embed, tune, fit, version, publish."""
    from features.artefacts.plan import Plan
    from features.record import unrecorded

    plan = plan_of(workspace)
    chosen = [] if everything else list(names or [])
    sources = plan.chosen(chosen)
    waiting = {} if chosen else _waiting(plan)
    if (
        waiting is not None
        and all(plan.is_ready(source) for source in sources)
        and not unrecorded(plan.workspace)
    ):
        ready = [source.name for source in sources]
        _show({**_NOTHING, "ready": ready, "waiting": waiting}, json, plan)
        return
    result = run_ingest(plan, chosen or None)
    _show(result, json, Plan(plan.workspace))
    if result["failed"] or result["refused"]:
        raise typer.Exit(1)


_NOTHING: dict[str, Any] = {
    "made": [],
    "ready": [],
    "failed": {},
    "published": 0,
    "stale": [],
    "release": None,
    "taken": [],
    "refused": {},
    "waiting": {},
}


def _waiting(plan: Plan) -> dict[str, str] | None:
    """What waits in the inbox and is not to be taken yet: place -> why; None where something is to be taken."""
    from features.inbox.looking import look_when_settled

    seen = look_when_settled(plan.workspace)
    if any(one.state == "due" for one in seen):
        return None
    return {one.item.place: one.why for one in seen if one.state in ("settling", "offline")}


def run_ingest(plan: Plan, names: list[str] | None) -> dict[str, Any]:
    """Run the ingest flow here, with progress on the terminal."""
    from flows.environment import quiet_prefect
    from flows.progress import SHOW_IN_TERMINAL
    from flows.serve import join_local_server

    quiet_prefect(for_a_person=True)
    join_local_server(plan.workspace)
    os.environ[SHOW_IN_TERMINAL] = "terminal"
    from flows.ingest import ingest as flow
    from flows.running import runner_of

    place = plan.workspace
    result: dict[str, Any] = flow.with_options(task_runner=runner_of(place.settings))(
        names=names, workspace=str(place.root)
    )
    return result


def _show_intake(result: dict[str, Any]) -> None:
    words = {
        "new": "new",
        "updated": "stands for new rows from now on",
        "unchanged": "has the same rows as before",
        "same rows": "one more name for rows that are here already",
    }
    for one in result["taken"]:
        say(f"Taken in: {one['kind']} {one['name']}, {words[one['status']]} ({one['place']})")
    for place, reason in result["refused"].items():
        say(f"Refused: {place} ({reason})")
    for place, reason in result["waiting"].items():
        say(f"Waits: {place} ({reason})")


def _show(result: dict[str, Any], as_json: bool, plan: Plan) -> None:
    from features.rankings import stale_targets
    from flows.environment import has_server

    stale = stale_targets(plan)
    if as_json:
        print_json({**result, "stale": stale})
        return
    made, failed = result["made"], result["failed"]
    _show_intake(result)
    if not made and not failed:
        say("Nothing is pending.")
    if made:
        say(f"Ready: {', '.join(made)}")
    for name, reason in failed.items():
        say(f"Still pending: {name} ({reason})")
    if stale and has_server():
        say(f"Stale targets: {', '.join(stale)}. A refresh was asked for by an event.")
    elif stale:
        say(f"Stale targets: {', '.join(stale)}")
        say("Next: springboard refresh")
