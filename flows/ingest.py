"""The ingest flow: every pending source gets its embeddings, moments and ESM; then publish and record.

Tasks are thin: each takes keys and names, does one step of one source through a plain function of features/,
and can be tried again or run elsewhere. A source that fails stays pending with its reason; the rest go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flows.running import announce, artifact_key, audited, runner_of_folder, workspace_at, worth_a_retry

from features.artefacts.embeddings import make_embedding  # isort: skip
from prefect import flow, task
from prefect.artifacts import create_table_artifact

from features.artefacts.esms import make_esm
from features.artefacts.failures import clear_reason, note_failure, why
from features.artefacts.memory import memory_given_back
from features.artefacts.moments import make_moments
from features.artefacts.plan import Plan
from features.publishing import publish_sources
from features.rankings import stale_targets
from features.record import unrecorded
from features.registry import Entry, Kind
from flows.intake import Intake, take_in
from flows.progress import step_progress
from flows.recording import record_state
from flows.retrying import retrying
from flows.time_limit import limited
from flows.watching import watched

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

    from features.workspace import Workspace
    from models.tasks import OnProgress

__all__ = ["IngestResult", "ingest"]


_PARTS = {
    "embed": "embedding {}",
    "tune": "fine-tuning on {}",
    "embed tuned": "embedding {} with the tuned encoder",
}


@dataclass
class IngestResult:
    """What an ingest did.

    ``made`` are the sources that became ready in this run, ``ready`` the chosen ones that were before,
    ``failed`` name -> reason, ``published`` how many rows LanceDB got, ``stale`` the targets to refresh,
    ``release`` the git commit that records the state. Of what came in by itself, ``taken`` has the ``kind``, ``name``,
    ``status`` and ``place`` of each dataset, and ``refused`` and ``waiting`` place -> reason.
    """

    made: list[str] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    published: int = 0
    stale: list[str] = field(default_factory=list)
    release: str | None = None
    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)


def _source(workspace: str, name: str) -> tuple[Plan, Entry]:
    plan = Plan(workspace_at(workspace))
    return plan, plan.registry.get(Kind.SOURCE, name)


def _lock(plan: Plan, source: Entry) -> Any:
    # A schedule that fires twice does the work once: the second waits and then finds it done.
    return plan.workspace.lock(f"source-{plan.source_keys(source).moments[:16]}")


@task(task_run_name="embed {source}", retry_condition_fn=worth_a_retry)
def embed_source(workspace: str, source: str) -> str:
    """Embed a source with the base encoder."""
    plan, entry = _source(workspace, source)
    with _lock(plan, entry), memory_given_back(), step_progress(f"embedding {source}") as on_progress:
        return make_embedding(plan, entry, on_progress)


@task(task_run_name="tune {source}", retry_condition_fn=worth_a_retry)
def tune_source(workspace: str, source: str) -> str:
    """Fine-tune the encoder on a source and keep the moments."""
    plan, entry = _source(workspace, source)
    with _lock(plan, entry), memory_given_back(), ExitStack() as shown:

        def progress(part: str) -> OnProgress:
            shown.close()  # The parts of a step come one after the other, each with a display of its own.
            return shown.enter_context(step_progress(_PARTS[part].format(source)))

        return make_moments(plan, entry, progress)


@task(task_run_name="fit ESM of {source}", retry_condition_fn=worth_a_retry)
def fit_source(workspace: str, source: str) -> str:
    """Fit a source's ESM from its moments."""
    plan, entry = _source(workspace, source)
    with _lock(plan, entry), audited():
        return make_esm(plan, entry)


@task(task_run_name="publish", retry_condition_fn=worth_a_retry)
def publish(workspace: str) -> int:
    """Bring LanceDB up to what the files say."""
    return publish_sources(Plan(workspace_at(workspace)))


@flow(name="ingest", task_runner=runner_of_folder(), validate_parameters=True, retries=0)
@limited
@watched("made", "ready")
def ingest(names: list[str] | None = None, workspace: str | None = None) -> dict[str, Any]:
    """Make everything that pending sources lack, publish it and record it.

    Parameters
    ----------
    names
        Sources to work on; when not given, what came in by itself is taken first, and then all are worked on.
    workspace
        The workspace's folder; found from the environment when not given.

    Returns
    -------
    dict
        The fields of :class:`IngestResult`.
    """
    place = workspace_at(workspace)
    root = str(place.root)
    came = Intake() if names else take_in(place)
    plan = Plan(place)
    chosen = plan.chosen(names)
    result = IngestResult(**vars(came), ready=[entry.name for entry in chosen if plan.is_ready(entry)])
    todo = [entry for entry in chosen if entry.name not in result.ready]
    submitted = {entry.name: _submit(place, entry.name) for entry in todo}
    with audited():
        _gather(place, submitted, result)
    if result.made or unrecorded(place):
        again = retrying(place.settings)
        result.published = publish.with_options(**again)(root)
        result.stale = stale_targets(Plan(place))
        message = _message(result)
        try:
            result.release = record_state.with_options(**again)(root, message)
        finally:
            # What is published makes targets stale, whether or not it could be recorded.
            if result.made or any(one["kind"] == Kind.TARGET for one in result.taken):
                announce(place, result.made, result.stale)
    _result_artifact(result)
    return asdict(result)


def _message(result: IngestResult) -> str:
    names = ", ".join(result.made)
    came = ", ".join(one["name"] for one in result.taken if one["name"] not in result.made)
    parts = [f"Ingest {names}" if names else "", f"Take in {came}" if came else ""]
    return "; ".join(part for part in parts if part) or "Ingest of an earlier run"


def _gather(place: Workspace, submitted: dict[str, list[PrefectFuture[Any]]], result: IngestResult) -> None:
    """Wait for every source, and note what became of it."""
    for name, futures in submitted.items():
        reason = _first_failure(futures)
        if reason is None:
            result.made.append(name)
            clear_reason(place, name)
        else:
            result.failed[name] = reason
            note_failure(place, name, reason)


def _submit(place: Workspace, name: str) -> list[PrefectFuture[Any]]:
    futures: list[PrefectFuture[Any]] = []
    for step in (embed_source, tune_source, fit_source):
        configured = step.with_options(**retrying(place.settings))
        submit: Callable[..., PrefectFuture[Any]] = configured.submit
        futures.append(submit(str(place.root), name, wait_for=futures[-1:]))
    return futures


def _first_failure(futures: Sequence[PrefectFuture[Any]]) -> str | None:
    for future in futures:
        future.wait()
        if not future.state.is_completed():
            return why(future.state.result(raise_on_failure=False))
    return None


def _result_artifact(result: IngestResult) -> None:
    rows = [{"source": name, "outcome": "made", "reason": ""} for name in result.made]
    rows += [
        {"source": name, "outcome": "failed", "reason": reason} for name, reason in result.failed.items()
    ]
    rows += [{"source": at, "outcome": "refused", "reason": reason} for at, reason in result.refused.items()]
    if rows:
        create_table_artifact(
            table=rows, key=artifact_key("springboard", "ingest"), description="What the ingest did"
        )
