"""The last task of every flow: DVC and git write down the state."""

from __future__ import annotations

from flows.running import workspace_at, worth_a_retry

from features.record import record  # isort: skip
from prefect import get_run_logger, task

from features.audit import catch_up
from features.wording import counted

__all__ = ["record_state"]


@task(task_run_name="record", retry_condition_fn=worth_a_retry)
def record_state(workspace: str, message: str) -> str | None:
    """Record the workspace's state; returns the release (git commit) that holds it."""
    place = workspace_at(workspace)
    # What a killed run changed and could not note is noted before it is recorded.
    catch_up(place)
    done = record(place, message)
    for folder, count in sorted(done.mended.items()):
        what = f"{counted(count, 'file')} of data/{folder} {'was' if count == 1 else 'were'} not as recorded"
        get_run_logger().warning("%s: put back from DVC's cache", what)
    return done.release
