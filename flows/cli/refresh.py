"""``springboard refresh``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say
from flows.cli.completing import scorer_names, target_names

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings import Work

__all__ = ["refresh", "run_refresh"]

_NEW, _SAME = "New ranking", "Same ranking as before"
_RECALIBRATED = "Same ranking as before, new expected gains"


def refresh(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME ...]", help="Targets; all stale ones when not given.", autocompletion=target_names
        ),
    ] = None,
    scorer: Annotated[
        str | None,
        typer.Option(
            help="A scorer, or all that take the target's task; else the one of params.yaml.",
            autocompletion=scorer_names,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fresh targets too.")] = False,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Bring the rankings of stale targets up to date; what is fresh costs nothing."""
    from features.rankings import work_of
    from features.record import unrecorded

    plan = plan_of(workspace)
    work = work_of(plan, names, scorer, force)
    if work.refused and not work.todo and not work.fresh:
        raise _refused(work)
    if work.todo or work.refused or unrecorded(plan.workspace):
        result = run_refresh(plan, names or None, scorer, force)
    else:
        result = _nothing_to_do(work)
    if json:
        print_json(result)
    else:
        _show(result, scorer)
    if result["failed"] or result["waiting"]:
        raise typer.Exit(1)


def _refused(work: Work) -> Exception:
    from models.errors import SettingsError

    return SettingsError(
        "; ".join(f"'{target}' cannot be ranked: {reason}" for target, reason in work.refused.items()),
        consequence="nothing was computed",
        next_step="springboard scorers lists which tasks each scorer takes; choose one with --scorer, or all",
    )


def _nothing_to_do(work: Work) -> dict[str, Any]:
    return {
        "changed": [],
        "confirmed": [],
        "fresh": work.fresh,
        "passed_over": work.passed_over,
        "waiting": work.waiting,
        "failed": {},
        "rankings": [],
        "computed": 0,
        "drift": {},
        "report": None,
        "release": None,
    }


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


def _show(result: dict[str, Any], scorer: str | None) -> None:
    for name, reason in result["waiting"].items():
        say(f"Not ranked yet: {name} ({reason}; springboard source add REF, then springboard ingest)")
    if not result["rankings"] and not result["failed"] and result["report"] is None:
        _show_passed_over(result)
        if not result["waiting"]:
            say("Every ranking is fresh.")
        return
    for target in dict.fromkeys(one["target"] for one in result["rankings"]):
        _show_target(target, [one for one in result["rankings"] if one["target"] == target], scorer)
    _show_passed_over(result)
    for name, sentence in result["drift"].items():
        say(f"New rows: {name}. {sentence} (springboard drift {name})")
    for name, reason in result["failed"].items():
        say(f"Not ranked: {name} ({reason})")
    say(f"Scores computed: {result['computed']}")
    if result["report"]:
        say(f"Report: {result['report']}")


def _show_target(target: str, rankings: list[dict[str, Any]], scorer: str | None) -> None:
    """One line for a single scorer; for several one line for what is new, and one for each that ranks nothing."""
    option = "" if scorer is None else f" --scorer {'NAME' if len(rankings) > 1 else rankings[0]['scorer']}"
    for title in (_NEW, _RECALIBRATED, _SAME):
        found = [one["scorer"] for one in rankings if one["ranked"] and _title(one) == title]
        if found:
            by = f" by {', '.join(found)}" if len(rankings) > 1 or scorer is not None else ""
            say(
                f"{title}: {target}{by}" + (f" (springboard rank {target}{option})" if title != _SAME else "")
            )
    for one in rankings:
        if not one["ranked"]:
            say(f"Nothing to rank: {target} by {one['scorer']}, {one['reason']}")


def _title(ranking: dict[str, Any]) -> str:
    if ranking["changed"]:
        return _NEW
    return _RECALIBRATED if ranking["recalibrated"] else _SAME


def _show_passed_over(result: dict[str, Any]) -> None:
    for target, scorers in result["passed_over"].items():
        say(f"Passed over: {target} by {', '.join(scorers)} (another task)")
