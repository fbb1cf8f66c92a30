"""The refresh flow: stale targets get a new ranking; then publish, report and record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from features.artefacts.memory import memory_given_back
from flows.running import artifact_key, audited, runner_of_folder, workspace_at, worth_a_retry

from features.artefacts.failures import why  # isort: skip
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.futures import PrefectFuture

from features.artefacts.plan import Plan
from features.drift import headline_of, note_drifts
from features.publishing import publish_ranking, publish_rankings
from features.rankings import refresh_target, shown_ranking, work_of
from features.rankings.verdict import why_nothing
from features.rankings.view import view_of
from features.record import unrecorded
from features.registry import Kind
from features.reports.markdown import overview_to_markdown, to_markdown
from features.reports.slugs import slug_of
from features.reports.workspace import overview_of_workspace, report_workspace
from flows.progress import step_progress
from flows.recording import record_state
from flows.retrying import retrying
from flows.time_limit import limited
from flows.watching import watched

__all__ = ["RefreshResult", "refresh"]


@dataclass
class RefreshResult:
    """What a refresh did.

    ``changed`` and ``confirmed`` are targets with a new ranking and with the same one as before, ``fresh``
    those nobody had to look at, ``passed_over`` target -> scorers that do not take its task, ``waiting``
    target -> why nothing can be ranked for it yet, ``failed`` target (and scorer, where several were asked for) ->
    reason, ``computed`` how many scores and jackknifes were computed, ``drift`` target -> whether other rows of its
    own may move its ranking,
    ``report`` the page and ``release`` the git commit. ``rankings`` has a record for each ranking that
    was put together: ``target``, ``scorer``, ``ranking_id``, ``changed``, ``recalibrated`` (the
    same scores and ranks, other expected gains), how many sources were ``ranked`` and
    ``excluded``, and the ``reason`` where none could be ranked.
    """

    changed: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    passed_over: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    rankings: list[dict[str, Any]] = field(default_factory=list)
    computed: int = 0
    drift: dict[str, str] = field(default_factory=dict)
    report: str | None = None
    release: str | None = None


@task(task_run_name="rank {target} by {scorer}", retry_condition_fn=worth_a_retry)
def rank_target(workspace: str, target: str, scorer: str, force: bool) -> dict[str, Any]:
    """Score what is new for one target and put its ranking together."""
    plan = Plan(workspace_at(workspace))
    entry = plan.registry.get(Kind.TARGET, target)
    with (
        plan.workspace.lock(f"target-{entry.version[:16]}"),
        memory_given_back(),
        step_progress(f"ranking for {target}") as on_progress,
        audited(),
    ):
        done = refresh_target(plan, entry, scorer, force=force, on_progress=on_progress)
    if done is None:
        return {"computed": 0, "ranking": None}
    publish_ranking(plan, done)
    shown = shown_ranking(plan.workspace, target, scorer, plan.encoder)
    if shown is not None:
        create_markdown_artifact(
            to_markdown(view_of(shown, top=20)),
            key=artifact_key("springboard-ranking", _artifact_name(plan, target, scorer)),
            description=f"Ranking of the sources for {target} by {scorer}",
        )
    excluded = [one["reason"] for one in done.ranking["excluded"]]
    ranked = len(done.ranking["ranking"])
    record = {
        "target": target,
        "scorer": scorer,
        "ranking_id": done.ranking["ranking_id"],
        "changed": done.changed,
        "recalibrated": done.recalibrated,
        "ranked": ranked,
        "excluded": len(excluded),
        "reason": None if ranked else why_nothing(excluded),
    }
    return {"computed": done.computed, "ranking": record}


def _artifact_name(plan: Plan, target: str, scorer: str) -> str:
    """The target's name alone for the default scorer, whose ranking the others must not replace."""
    return (
        target
        if scorer == plan.workspace.settings.ranking.scorer
        else f"{target}-by-{scorer.replace('@', '-on-')}"
    )


@task(task_run_name="publish", retry_condition_fn=worth_a_retry)
def publish_left(workspace: str) -> int:
    """Publish rankings that a killed run left unpublished."""
    return publish_rankings(Plan(workspace_at(workspace)))


@task(task_run_name="compare targets", retry_condition_fn=worth_a_retry)
def compare_targets(workspace: str) -> dict[str, str]:
    """Hold the rows of targets that stand for others now against the earlier ones; target -> what that comes to."""
    with audited():
        return {
            name: headline_of(found) for name, found in note_drifts(Plan(workspace_at(workspace))).items()
        }


@task(task_run_name="report", retry_condition_fn=worth_a_retry)
def write_pages(workspace: str) -> str:
    """Write the report pages, and the overview as an artifact."""
    plan = Plan(workspace_at(workspace))
    page = report_workspace(plan).page
    create_markdown_artifact(
        overview_to_markdown(overview_of_workspace(plan)),
        key=artifact_key("springboard-overview", slug_of(str(plan.workspace.root))),
        description="All targets: freshness, leading tier, what the newest ranking changed",
    )
    return str(page)


@flow(name="refresh", task_runner=runner_of_folder(), validate_parameters=True, retries=0)
@limited
@watched("changed", "confirmed", "fresh")
def refresh(
    names: list[str] | None = None,
    scorer: str | None = None,
    force: bool = False,
    workspace: str | None = None,
) -> dict[str, Any]:
    """Bring the rankings of stale targets up to date.

    Parameters
    ----------
    names
        Targets to look at; all when not given.
    scorer
        A scorer's name, "all", or the settings' default when not given.
    force
        Look at fresh targets too.
    workspace
        The workspace's folder; found from the environment when not given.

    Returns
    -------
    dict
        The fields of :class:`RefreshResult`.
    """
    place = workspace_at(workspace)
    root = str(place.root)
    again = retrying(place.settings)
    work = work_of(Plan(place), names, scorer, force)
    result = RefreshResult(
        fresh=work.fresh, passed_over=work.passed_over, waiting=work.waiting, failed=dict(work.refused)
    )
    submitted: dict[tuple[str, str], PrefectFuture[dict[str, Any]]] = {
        (name, one): rank_target.with_options(**again).submit(root, name, one, force)
        for name, one in work.todo
    }
    for (name, one), future in submitted.items():
        future.wait()
        if not future.state.is_completed():
            result.failed[name if len(work.scorers) == 1 else f"{name} ({one})"] = why(
                future.state.result(raise_on_failure=False)
            )
            continue
        _note(result, name, future.result())
    if submitted or unrecorded(place):
        publish_left.with_options(**again)(root)
        result.drift = compare_targets.with_options(**again)(root)
        result.report = write_pages.with_options(**again)(root)
        message = f"Refresh {', '.join(dict.fromkeys(result.changed)) or 'without a new ranking'}"
        result.release = record_state.with_options(**again)(root, message)
    return asdict(result)


def _note(result: RefreshResult, target: str, done: dict[str, Any]) -> None:
    result.computed += done["computed"]
    ranking = done["ranking"]
    if ranking is not None:
        result.rankings.append(ranking)
    named = result.changed if ranking is not None and ranking["changed"] else result.confirmed
    if target not in named:
        named.append(target)
