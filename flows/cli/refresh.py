"""``springboard refresh``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["refresh", "run_refresh"]


def refresh(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME ...]", help="Targets; all stale ones when not given.")
    ] = None,
    scorer: Annotated[str | None, typer.Option(help="A scorer, or all; else the one of params.yaml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Fresh targets too.")] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Bring the rankings of stale targets up to date; what is fresh costs nothing."""
    from features.rankings import stale_targets
    from features.record import unrecorded
    from features.registry import Kind
    from models.scorers import SCORERS, get_scorer

    plan = plan_of(workspace)
    for name in names or []:
        plan.registry.get(Kind.TARGET, name)
    if scorer not in (None, "all"):
        get_scorer(scorer)
    scorers = sorted(SCORERS) if scorer == "all" else [scorer or plan.workspace.settings.ranking.scorer]
    stale = {name for one in scorers for name in stale_targets(plan, one)}
    wanted = stale & set(names) if names else stale
    if not wanted and not force and not unrecorded(plan.workspace):
        nothing: dict[str, Any] = {
            "changed": [],
            "confirmed": [],
            "fresh": sorted(names or plan.registry.current(Kind.TARGET)),
            "failed": {},
            "computed": 0,
            "report": None,
            "release": None,
        }
        print_json(nothing) if json else say("Every ranking is fresh.")
        return
    result = run_refresh(plan, names or None, scorer, force)
    if json:
        print_json(result)
    else:
        _show(result)
    if result["failed"]:
        raise typer.Exit(1)


def run_refresh(plan: Plan, names: list[str] | None, scorer: str | None, force: bool) -> dict[str, Any]:
    """Run the refresh flow here, with progress on the terminal."""
    from flows.environment import quiet_prefect
    from flows.progress import SHOW_IN_TERMINAL
    from flows.serve import join_local_server

    quiet_prefect(for_a_person=True)
    join_local_server(plan.workspace)
    os.environ[SHOW_IN_TERMINAL] = "terminal"
    from flows.refresh import refresh as flow
    from flows.running import runner_of

    place = plan.workspace
    result: dict[str, Any] = flow.with_options(task_runner=runner_of(place.settings))(
        names=names, scorer=scorer, force=force, workspace=str(place.root)
    )
    return result


def _show(result: dict[str, Any]) -> None:
    for name in dict.fromkeys(result["changed"]):
        say(f"New ranking: {name} (springboard rank {name})")
    for name in dict.fromkeys(result["confirmed"]):
        say(f"Same ranking as before: {name}")
    for name, reason in result["failed"].items():
        say(f"Not ranked: {name} ({reason})")
    say(f"Scores computed: {result['computed']}")
    if result["report"]:
        say(f"Report: {result['report']}")
