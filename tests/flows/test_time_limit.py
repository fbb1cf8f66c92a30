"""A run that hangs is really ended, with the programs it has started, and says where it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.workspaces import change_params

from features.workspace import Workspace
from flows.environment import quiet_prefect

_HANGS = """
import subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from features.workspace import Workspace
from flows import time_limit as limits
limits._REPORT_SECONDS = 0.2
from pathlib import Path

def stuck_step():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(sys.argv[2]).write_text(str(child.pid))
    time.sleep(600)

workspace = Workspace(Path(sys.argv[1]))
with limits.time_limit(workspace, "ingest"), workspace.lock("record"), ThreadPoolExecutor() as pool:
    pool.submit(stuck_step).result()
"""


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_a_step_that_hangs_in_a_thread_is_ended_and_told_of(workspace: Workspace, tmp_path: Path) -> None:
    workspace = change_params(workspace, run={"timeout_minutes": {"ingest": 0.02}})
    child = tmp_path / "child"
    run = "00000000-0000-0000-0000-000000000001"
    environment = {
        **os.environ,
        "PREFECT__RUNTIME__DEPLOYMENT__ID": "a deployment",
        "PREFECT__RUNTIME__FLOW_RUN__ID": run,
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [sys.executable, "-c", _HANGS, str(workspace.root), str(child)],
        env=environment,
        timeout=120,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 75, done.stderr.decode()
    pid = int(child.read_text(encoding="utf-8"))
    deadline = time.monotonic() + 10
    while not _ended(pid):
        assert time.monotonic() < deadline, "what it had started goes on"
        time.sleep(0.1)
    (note,) = (workspace.private / "timeouts").iterdir()
    said = note.read_text(encoding="utf-8")
    assert note.name == f"ingest-{run}.txt"
    assert "run.timeout_minutes" in said
    assert "in stuck_step" in said
    with workspace.lock("record", timeout=0):
        pass  # Its locks went with it.


def test_a_run_that_ends_in_time_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet_prefect(for_a_person=True)
    from flows.time_limit import time_limit

    workspace = change_params(workspace, run={"timeout_minutes": {"ingest": 0.02, "refresh": None}})
    with time_limit(workspace, "ingest"):
        time.sleep(1.5)  # Typed by hand: no limit.
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "a deployment")
    with time_limit(workspace, "refresh"):
        time.sleep(0.1)
    with pytest.raises(ZeroDivisionError), time_limit(workspace, "ingest"):
        1 / (len(list((workspace.private / "timeouts").iterdir())) - 1)
    time.sleep(1.5)  # It would have been ended by now.
    assert list((workspace.private / "timeouts").iterdir()) == []
