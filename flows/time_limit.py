"""A deployment's run that takes too long is ended, really: reported, with where it hung, and its process gone.

Prefect's own ``timeout_seconds`` does neither for flows such as these. It raises in the main thread, by a signal; the
run is then to end, and its thread pool waits for the step that hangs, for ever: the process stays, with the locks it
holds. And it cannot be a setting of a workspace.
"""

from __future__ import annotations

import faulthandler
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from flows.running import workspace_at

if TYPE_CHECKING:
    from features.workspace import Workspace

__all__ = ["TIMED_OUT", "limited", "time_limit"]

TIMED_OUT = 75
"""Exit code of a run that was ended: try again later, which the next schedule does."""

_BACKSTOP = 90.0
"""Seconds after which a run is ended by a thread that needs nothing of Python, should the first one be kept from it."""

_REPORT_SECONDS = 30.0
"""How long a server that does not answer may keep a run from ending."""

P = ParamSpec("P")
R = TypeVar("R")


def limited(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a flow's function: a run of a deployment has the time that ``run.timeout_minutes`` gives its name."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        said = inspect.signature(function).bind(*args, **kwargs).arguments
        with time_limit(workspace_at(said.get("workspace")), function.__name__):
            return function(*args, **kwargs)

    return run


@contextmanager
def time_limit(workspace: Workspace, flow: str) -> Iterator[None]:
    """End this process where what is inside takes longer than the settings allow.

    Only runs of deployments have a limit: whoever types a command can also stop it. The clock is one that nobody sets.
    """
    from prefect.runtime import deployment, flow_run

    minutes: float | None = getattr(workspace.settings.run.timeout_minutes, flow)
    if minutes is None or deployment.id is None:
        yield
        return
    note = workspace.private / "timeouts" / f"{flow}-{flow_run.id}.txt"
    note.parent.mkdir(parents=True, exist_ok=True)
    over = threading.Event()
    limit = _Limit(flow, str(flow_run.id), minutes * 60.0, note)
    threading.Thread(target=limit.watch, args=(over,), daemon=True, name="time limit").start()
    with note.open("ab") as backstop:
        faulthandler.dump_traceback_later(limit.seconds + _BACKSTOP, exit=True, file=backstop)
        try:
            yield
        finally:
            over.set()
            faulthandler.cancel_dump_traceback_later()
            with suppress(OSError):
                note.unlink()


@dataclass(frozen=True)
class _Limit:
    """What a run may take, and where it is noted that it took more."""

    flow: str
    run: str
    seconds: float
    note: Path

    def watch(self, over: threading.Event) -> None:
        """Wait, and end the process where the run is not over then."""
        if over.wait(self.seconds):
            return
        try:
            self._tell()
        finally:
            _end_programs()
            os._exit(TIMED_OUT)

    def _tell(self) -> None:
        said = (
            f"{self.flow} took longer than {self.seconds / 60:g} minutes (run.timeout_minutes of params.yaml) and was "
            f"ended; what it had finished is kept, and the next run goes on from there. Where it was: {self.note}"
        )
        with suppress(OSError), self.note.open("a", encoding="utf-8") as file:
            file.write(said + "\n\n")
            file.flush()
            faulthandler.dump_traceback(file=file, all_threads=True)
        reporting = threading.Thread(target=_report, args=(self.run, said), daemon=True)
        reporting.start()
        reporting.join(_REPORT_SECONDS)


def _report(run: str, said: str) -> None:
    """Tell Prefect; the process that started this one can then only say that it is gone."""
    from uuid import UUID

    from prefect.client.orchestration import get_client
    from prefect.states import Failed

    state: Any = Failed(name="TimedOut", message=said)
    with suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), state)


def _end_programs() -> None:
    """End what this process has started (DVC, git): they would go on, and hold locks of their own."""
    import psutil

    with suppress(psutil.Error):
        children = psutil.Process().children(recursive=True)
        for child in children:
            with suppress(psutil.Error):
                child.terminate()
        _, left = psutil.wait_procs(children, timeout=5)
        for child in left:
            with suppress(psutil.Error):
                child.kill()
