"""Progress of long steps, to where somebody is looking: the terminal, or an artifact of the Prefect run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from uuid import UUID

from models.tasks import OnProgress

__all__ = ["SHOW_IN_TERMINAL", "step_progress"]

SHOW_IN_TERMINAL = "SPRINGBOARD_PROGRESS"
"""Environment variable that the command sets to "terminal"; scheduled runs leave it unset."""

_ARTIFACT_EVERY_SECONDS = 5.0


@contextmanager
def step_progress(description: str) -> Iterator[OnProgress]:
    """A callback that shows how far a step has come; nothing is shown of a step that had nothing to do.

    Parameters
    ----------
    description
        What is going on, with the source or target it is about.
    """
    opener = _terminal_progress if os.environ.get(SHOW_IN_TERMINAL) == "terminal" else _artifact_progress
    with ExitStack() as shown:
        drawing: OnProgress | None = None

        def on_progress(done: int, total: int) -> None:
            nonlocal drawing
            if drawing is None:
                drawing = shown.enter_context(opener(description))
            drawing(done, total)

        yield on_progress


@contextmanager
def _terminal_progress(description: str) -> Iterator[OnProgress]:
    from flows.cli.render.progress import progress_bar

    with progress_bar(description) as on_progress:
        yield on_progress


@contextmanager
def _artifact_progress(description: str) -> Iterator[OnProgress]:
    from prefect.artifacts import create_progress_artifact, update_progress_artifact
    from prefect.context import TaskRunContext

    if TaskRunContext.get() is None:
        yield lambda done, total: None
        return
    artifact: UUID | None = None
    last = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal artifact, last
        now = time.monotonic()
        if done < total and now - last < _ARTIFACT_EVERY_SECONDS:
            return
        last = now
        percent = 100.0 * done / max(total, 1)
        # Progress that cannot be shown must never fail the step it is about.
        with suppress(Exception):
            if artifact is None:
                made = create_progress_artifact(progress=percent, description=description)
                artifact = made if isinstance(made, UUID) else None
            else:
                update_progress_artifact(artifact_id=artifact, progress=percent)

    yield on_progress
