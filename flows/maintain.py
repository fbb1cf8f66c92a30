"""The maintain flow: the upkeep of :mod:`features.maintenance`, by schedule; what is wrong fails the run."""

from __future__ import annotations

from typing import Any

from flows.running import artifact_key, audited, workspace_at, worth_a_retry

from features.maintenance import maintain as keep_in_shape  # isort: skip
from prefect import flow, task
from prefect.artifacts import create_table_artifact

from flows.retrying import retrying
from flows.time_limit import limited
from flows.watching import watched
from models.errors import ArtefactError

__all__ = ["maintain"]


@task(task_run_name="maintain", retry_condition_fn=worth_a_retry)
def keep(workspace: str) -> dict[str, Any]:
    """Do all of it; each part finds by itself what is left to do."""
    with audited():
        return keep_in_shape(workspace_at(workspace)).to_record()


@flow(name="maintain", validate_parameters=True, retries=0)
@limited
@watched()
def maintain(workspace: str | None = None) -> dict[str, Any]:
    """Keep the workspace in shape, and check it.

    Parameters
    ----------
    workspace
        The workspace's folder; found from the environment when not given.

    Returns
    -------
    dict
        The fields of :class:`features.maintenance.Maintained`.

    Raises
    ------
    ArtefactError
        Something is wrong; all that could be done is done.
    """
    place = workspace_at(workspace)
    done: dict[str, Any] = keep.with_options(**retrying(place.settings))(str(place.root))
    problems = done["problems"]
    if problems:
        create_table_artifact(
            table=problems, key=artifact_key("springboard", "maintain"), description="What the check found"
        )
        raise ArtefactError(
            f"the integrity check found {len(problems)} problem{'s' if len(problems) > 1 else ''}, first: "
            f"{problems[0]['where']}: {problems[0]['what']}",
            consequence="everything else was done",
            next_step="springboard maintain --dry-run lists them all with what to type",
        )
    return done
