"""A shared server as docs/operations.md has it: Postgres, Prefect's server on it, a work pool, a worker, deployments.

It costs half a minute, nearly all of it starting Prefect's programs. Without Postgres (Debian's package
``postgresql``) it does not run, and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.postgres import free_port, postgres_folder, temporary_postgres
from support.workspaces import change_params

from features.registry import Ledger
from features.workspace import Workspace

pytestmark = pytest.mark.long

_PROGRAMS = postgres_folder()
_SECONDS = 240.0


class _Shared:
    """Prefect's programs in an environment that knows the shared server and the workspace."""

    def __init__(self, workspace: Workspace, home: Path, logs: Path) -> None:
        self.port, self.root, self.logs = free_port(), workspace.root, logs
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = {
            **plain,
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "SPRINGBOARD_WORKSPACE": str(workspace.root),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "prefect", "--no-prompt", *arguments]

    @contextmanager
    def running(self, *arguments: str, **more: str) -> Iterator[Callable[[], str]]:
        """A program in the background; gives what it has said so far, and ends it."""
        log = self.logs / f"{arguments[0]}.log"
        with log.open("wb") as output:
            program = subprocess.Popen(
                self.command(*arguments),
                cwd=self.root,
                env={**self.environment, **more},
                stdout=output,
                stderr=output,
            )

        def said() -> str:
            text = log.read_text(encoding="utf-8", errors="replace")
            assert program.poll() is None, f"it ended by itself: {text[-2000:]}"
            return text

        try:
            yield said
        finally:
            program.terminate()
            try:
                program.wait(timeout=30)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own loopback address
            return json.load(answer)


def _until(condition: Callable[[], Any], said: Callable[[], str]) -> Any:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            if found := condition():
                return found
        except OSError:  # Nobody answers yet, or not what was asked for.
            pass
        assert time.monotonic() < deadline, f"waited in vain: {said()[-2000:]}"
        time.sleep(0.3)


@pytest.mark.skipif(_PROGRAMS is None, reason="no Postgres here: apt-get install postgresql")
def test_a_deployment_runs_through_a_work_pool_on_a_server_with_postgres(
    workspace: Workspace, tmp_path: Path
) -> None:
    assert _PROGRAMS is not None
    workspace = change_params(workspace, run={"push": False})
    reported = {
        "event": "reported",
        "source": "a",
        "target": "t",
        "score": 0.6,
        "baseline": 0.5,
        "seed": None,
    }
    reported |= {"metric": "accuracy", "target_version": "v", "ranking_id": "r", "scorer": "logme"}
    Ledger(workspace.ledgers / "transfers.jsonl").append({**reported, "ranked": 2, "rank": 1})
    shared = _Shared(workspace, tmp_path / "prefect", tmp_path)
    with ExitStack() as stack:
        postgres = stack.enter_context(temporary_postgres(_PROGRAMS))
        address = ("--host", "127.0.0.1", "--port", str(shared.port))
        server = stack.enter_context(
            shared.running("server", "start", *address, PREFECT_SERVER_DATABASE_CONNECTION_URL=postgres.url)
        )
        _until(lambda: shared.ask("health"), server)
        # A worker makes its pool where there is none yet.
        worker = stack.enter_context(
            shared.running("worker", "start", "--pool", "springboard", "--type", "process")
        )
        _until(lambda: shared.ask("work_pools/springboard"), worker)
        deployed = subprocess.run(
            shared.command("deploy", "--all"),
            cwd=workspace.root,
            env=shared.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        deployments = {one["entrypoint"]: one for one in shared.ask("deployments/filter", {})}
        flows = {
            name: deployments[f"flows.{name}.{name}"]
            for name in ("ingest", "refresh", "maintain", "evaluate")
        }
        assert {one["work_pool_name"] for one in flows.values()} == {"springboard"}
        assert {len(one["schedules"]) for one in flows.values()} == {1}

        run = shared.ask(f"deployments/{flows['evaluate']['id']}/create_flow_run", {})["id"]
        ended = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        state = _until(
            lambda: (said := shared.ask(f"flow_runs/{run}")["state"])["type"] in ended and said, worker
        )
        assert state["type"] == "COMPLETED", state["message"]
        assert (workspace.reports / "evaluation" / "live.json").exists()
        # It is Postgres that knows of it.
        assert run in postgres.ask("select id from flow_run where state_type = 'COMPLETED'")
