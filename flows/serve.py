"""One machine: Prefect's server, the schedules and the report pages in one process tree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.aftermath import SERVER_SETTINGS, end_left_server, end_lost_runs, note_server
from flows.environment import quiet_prefect
from flows.site import port_taken, site
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.workspace import Workspace

__all__ = ["join_local_server", "serve_workspace"]

_START_SECONDS = 300.0


def serve_workspace(
    workspace: Workspace, *, host: str, port: int, site_port: int, crons: Mapping[str, str]
) -> None:
    """Run server, schedules and site until interrupted.

    Parameters
    ----------
    workspace
        What the schedules work on.
    host, port, site_port
        Where Prefect's server and the report pages listen.
    crons
        Flow name -> cron schedule to use instead of prefect.yaml's.

    Raises
    ------
    SpringboardError
        A port is taken, the server does not come up, or prefect.yaml cannot be used.
    """
    quiet_prefect()
    os.environ["SPRINGBOARD_WORKSPACE"] = str(workspace.root)
    os.environ.setdefault("PREFECT_HOME", str(workspace.private / "prefect"))
    api = f"http://{host}:{port}/api"
    signal.signal(signal.SIGTERM, _as_interrupt)
    with site(workspace, host, site_port), _server(workspace, host, port, api):
        os.environ["PREFECT_API_URL"] = api
        from prefect import serve

        from flows.deployments import deployments_of
        from flows.watching import checking

        if os.environ["PREFECT_HOME"] == str(workspace.private / "prefect"):
            # Nobody else has runs on a server of this workspace's own.
            for name in end_lost_runs():
                _say(
                    f"Crashed    run {name}, which an earlier serve had begun; the next one goes on from there"
                )
        deployments = deployments_of(workspace.root / "prefect.yaml", crons)
        _say(f"Workspace  {workspace.root}")
        _say(f"Prefect    http://{host}:{port}")
        _say(f"Pages      http://{host}:{site_port} (numbers: /metrics)")
        for deployment in deployments:
            _say(
                f"Schedule   {deployment.flow_name}: {', '.join(_cron(one) for one in deployment.schedules or [])}"
            )
        with checking(workspace), suppress(KeyboardInterrupt):
            # Each runs once at a time; none is to wait for another that takes hours.
            serve(*deployments, limit=len(deployments), print_starting_message=False)


def _cron(schedule: Any) -> str:
    return str(getattr(getattr(schedule, "schedule", schedule), "cron", schedule))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _server(workspace: Workspace, host: str, port: int, api: str) -> Iterator[None]:
    note = _note(workspace)
    end_left_server(note)
    if _answers(api):
        raise port_taken("Prefect's server", host, port, "--port", None)
    log = workspace.private / "prefect-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", str(port)],
            stdout=output,
            stderr=output,
            # A Ctrl-C in the terminal is for us; the server is stopped after the runs have ended.
            start_new_session=True,
            env={**SERVER_SETTINGS, **os.environ},
        )
    try:
        # At once: whoever kills us while it comes up leaves it running.
        note_server(note, api, os.getpid(), server)
        _wait_for(server, api, log)
        yield
    finally:
        note.unlink(missing_ok=True)
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=20)
        if server.poll() is None:
            server.kill()


def _wait_for(server: subprocess.Popen[bytes], api: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(api):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SpringboardError(
                f"Prefect's server did not come up at {api}",
                consequence="no schedule runs",
                next_step=f"look into '{log}'; another --port may help",
            )
        time.sleep(0.5)


def _answers(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _note(workspace: Workspace) -> Path:
    return workspace.private / "server.json"


def join_local_server(workspace: Workspace) -> bool:
    """Let this process's runs go to the server that ``springboard serve`` runs for the workspace, if one does.

    Only then does an ingest typed by hand wake the refresh by its event. Must come before prefect is imported.
    """
    if os.environ.get("PREFECT_API_URL"):
        return True
    try:
        api = json.loads(_note(workspace).read_text(encoding="utf-8"))["api"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not _answers(api):
        return False
    os.environ["PREFECT_API_URL"] = api
    return True
