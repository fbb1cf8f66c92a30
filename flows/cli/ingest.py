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
    if all(plan.is_ready(source) for source in sources) and not unrecorded(plan.workspace):
        ready = [source.name for source in sources]
        nothing = {"made": [], "ready": ready, "failed": {}, "published": 0, "stale": [], "release": None}
        _show(nothing, json, plan)
        return
    result = run_ingest(plan, chosen or None)
    _show(result, json, Plan(plan.workspace))
    if result["failed"]:
        raise typer.Exit(1)


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


def _show(result: dict[str, Any], as_json: bool, plan: Plan) -> None:
    from features.rankings import stale_targets
    from flows.environment import has_server

    stale = stale_targets(plan)
    if as_json:
        print_json({**result, "stale": stale})
        return
    made, failed = result["made"], result["failed"]
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
