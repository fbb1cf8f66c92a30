"""What a ``springboard serve`` that was killed leaves behind: its server, runs that nobody carries on, their slots.

Prefect's server keeps a run in Running until somebody says otherwise, and its place under the concurrency limit
too: of a deployment that may run once at a time, no run would ever start again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import SpringboardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from subprocess import Popen
    from uuid import UUID

__all__ = ["SERVER_SETTINGS", "end_left_server", "end_lost_runs", "note_server"]

SERVER_SETTINGS = {
    # In memory, the default, they are lost with the server, and the slots that they stand for are taken for ever.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # Runs of years would fill the database; those that ended 90 days ago go, with their logs and artifacts.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
}
"""How the server of one machine is run, unless the environment says otherwise."""

_END_SECONDS = 20.0


def note_server(note: Path, api: str, pid: int, server: Popen[bytes]) -> None:
    """Write down where the server is and which process it is, for other commands and for the next ``serve``."""
    text = json.dumps({"api": api, "pid": pid, "server": {"pid": server.pid, "command": server.args}})
    part = note.with_name(f".{note.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(note)


def end_left_server(note: Path) -> bool:
    """End the server that a killed ``serve`` of this workspace left running; returns whether there was one.

    Raises
    ------
    SpringboardError
        The ``serve`` that noted it is still there.
    """
    import psutil

    try:
        said: Mapping[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        server, serve = said["server"], int(said["pid"])
        pid, command = int(server["pid"]), server["command"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        # A process id may be another process's by now; a server on the same port is the one that is meant.
        if process.cmdline() != command:
            return False
        if process.ppid() == serve and psutil.pid_exists(serve):
            raise SpringboardError(
                f"another springboard serve (process {serve}) runs for this workspace",
                consequence="nothing was started",
                next_step=f"use that one ({said.get('api')}), or stop it first",
            )
        _end(process)
        return True
    return False


def end_lost_runs() -> list[str]:
    """Say of every run that a killed ``serve`` had begun that it has crashed, and end what is left of its process.

    Nothing is lost by that: what a run had finished is kept, and the next one goes on from there.

    Returns
    -------
    list of str
        The names of the runs.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    unfinished = FlowRunFilterState(
        type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    )
    ended = []
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=unfinished))
        for run in runs:
            if run.deployment_id is None:
                continue  # Typed by hand: whoever did so is looking after it.
            for process in _processes_of(run.id):
                _end(process)
            state: Any = Crashed(message="springboard serve was ended while this run was at work")
            client.set_flow_run_state(run.id, state, force=False)
            ended.append(run.name)
    return ended


def _processes_of(run: UUID) -> Iterator[Any]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("PREFECT__FLOW_RUN_ID") == str(run):
                yield process


def _end(process: Any) -> None:
    import psutil

    with suppress(psutil.Error):
        process.terminate()
        process.wait(_END_SECONDS)
    with suppress(psutil.Error):
        process.kill()
