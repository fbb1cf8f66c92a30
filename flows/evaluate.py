"""The evaluate flow: past advice against what teams reported since, as files and as an artifact, by schedule."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from flows.running import artifact_key, workspace_at, worth_a_retry

from features.artefacts.plan import Plan  # isort: skip
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact

from features.feedback.live import live_report
from features.feedback.writing import live_to_markdown, write_live
from features.rankings import stale_targets
from features.reports.slugs import slug_of
from flows.retrying import retrying
from flows.time_limit import limited
from flows.watching import watched

__all__ = ["EvaluateResult", "evaluate"]


@dataclass
class EvaluateResult:
    """What an evaluation found.

    ``targets`` are judged by ``tried`` sources; ``regret`` at 5 in percent and ``gain`` in points are means over
    targets, None where there are none; ``written`` are the files that say something new. ``stale`` are the targets
    whose rankings do not know of the newest results: the next refresh calibrates expected gains anew.
    """

    targets: int = 0
    tried: int = 0
    regret: float | None = None
    gain: float | None = None
    written: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


@task(task_run_name="evaluate", retry_condition_fn=worth_a_retry)
def judge(workspace: str) -> dict[str, Any]:
    """Hold the advice against the results; does nothing where nobody has reported any."""
    place = workspace_at(workspace)
    report = live_report(place)
    if not report.targets and not report.not_judged:
        return asdict(EvaluateResult())
    written = write_live(place, report)
    if written:
        create_markdown_artifact(
            live_to_markdown(report),
            key=artifact_key("springboard-evaluation", slug_of(str(place.root))),
            description="Past advice against what teams reported",
        )
    said = report.to_record()
    return asdict(
        EvaluateResult(
            targets=said["targets"],
            tried=said["tried"],
            regret=report.regret(5),
            gain=report.gain,
            written=[str(path) for path in written],
            stale=stale_targets(Plan(place)),
        )
    )


@flow(name="evaluate", validate_parameters=True, retries=0)
@limited
@watched()
def evaluate(workspace: str | None = None) -> dict[str, Any]:
    """Hold past advice of the workspace against what was reported.

    Parameters
    ----------
    workspace
        The workspace's folder; found from the environment when not given.

    Returns
    -------
    dict
        The fields of :class:`EvaluateResult`.
    """
    place = workspace_at(workspace)
    done: dict[str, Any] = judge.with_options(**retrying(place.settings))(str(place.root))
    return done
