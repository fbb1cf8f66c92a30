"""What the flows share: the workspace they run on, the task runner, what is worth a retry, events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.environment import quiet_prefect

quiet_prefect()

from features.audit import acting  # noqa: E402
from features.workspace import Settings, Workspace, find_workspace  # noqa: E402 - prefect reads its settings once
from flows.logs import remember_run  # noqa: E402
from models.errors import BusyError, OfflineError, RecordError, SpringboardError, WorkspaceError  # noqa: E402

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.task_runners import TaskRunner

__all__ = [
    "PUBLISHED",
    "announce",
    "artifact_key",
    "audited",
    "resource_of",
    "runner_of",
    "runner_of_folder",
    "workspace_at",
    "worth_a_retry",
]

PUBLISHED = "springboard.pool.published"
"""Event of an ingest that brought new sources into the pool; prefect.yaml lets it wake ``refresh``."""


@contextmanager
def audited() -> Iterator[None]:
    """Let the audit log name the flow run of whatever is changed inside; in a task, the run of its flow."""
    from prefect.runtime import flow_run

    with acting(flow_run.id):
        yield


def workspace_at(folder: str | None) -> Workspace:
    """The workspace a run is about: the one named, else $SPRINGBOARD_WORKSPACE, else the current folder's."""
    remember_run()
    return find_workspace(Path(folder) if folder else None)


def runner_of(settings: Settings) -> TaskRunner[Any]:
    """The task runner of ``run.task_runner``.

    Raises
    ------
    SpringboardError
        The integration package of that runner is not installed.
    """
    from prefect.task_runners import ThreadPoolTaskRunner

    run = settings.run
    if run.task_runner == "threads":
        return ThreadPoolTaskRunner(max_workers=run.max_workers)
    name = {"dask": "DaskTaskRunner", "ray": "RayTaskRunner"}[run.task_runner]
    try:
        module = __import__(f"prefect_{run.task_runner}", fromlist=[name])
    except ImportError:
        raise SpringboardError(
            f"run.task_runner is '{run.task_runner}' and prefect-{run.task_runner} is not installed",
            consequence="nothing was run",
            next_step=f"pip install prefect-{run.task_runner}, or set run.task_runner to threads",
        ) from None
    runner: TaskRunner[Any] = getattr(module, name)(**run.task_runner_options)
    return runner


def runner_of_folder() -> TaskRunner[Any]:
    """The runner for a scheduled run, whose flow is loaded by name: of the workspace it finds itself in."""
    try:
        return runner_of(find_workspace().settings)
    except WorkspaceError:
        from prefect.task_runners import ThreadPoolTaskRunner

        return ThreadPoolTaskRunner(max_workers=1)


def worth_a_retry(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: not where the same input must give the same error."""
    failure = state.result(raise_on_failure=False)
    if isinstance(failure, SpringboardError):
        return isinstance(failure, OfflineError | BusyError | RecordError)
    return True


def artifact_key(prefix: str, name: str) -> str:
    """A Prefect artifact key (lower case letters, digits, dashes) for a name."""
    return f"{prefix}-{name.replace('_', '-').strip('-') or 'x'}"


def resource_of(workspace: Workspace) -> dict[str, str]:
    """The workspace as Prefect's events name it: a hash of where it lies, and its folder's name."""
    identity = hashlib.sha256(str(workspace.root).encode()).hexdigest()[:12]
    return {
        "prefect.resource.id": f"springboard.workspace.{identity}",
        "prefect.resource.name": workspace.root.name,
    }


def announce(workspace: Workspace, sources: Sequence[str], stale: Sequence[str]) -> None:
    """Emit the one event of a publish, naming the targets it makes stale."""
    from prefect.events import emit_event

    emit_event(
        event=PUBLISHED,
        resource=resource_of(workspace),
        payload={"sources": list(sources), "stale_targets": list(stale), "workspace": str(workspace.root)},
    )
