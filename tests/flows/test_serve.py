"""``springboard serve`` as a user has it: a file is added, the schedule fires, and the target is ranked anew."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.workspaces import add, write_rows

from features.artefacts.plan import Plan
from features.rankings import shown_ranking
from features.registry import Kind
from features.workspace import Workspace

pytestmark = pytest.mark.long


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _serving(workspace: Workspace, log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", "serve", *options],
            cwd=workspace.root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _until(
    condition: Callable[[], bool], seconds: float, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        told = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        assert process.poll() is None, f"serve ended by itself: {told}"
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {told}"
        time.sleep(1.0)


def _page(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as problem:
        return f"{problem.code}"


def _sources_ranked(workspace: Workspace) -> set[str]:
    shown = shown_ranking(workspace, "t1", "logme", Plan(workspace).encoder)
    return {row["source"] for row in shown["ranking"]} if shown else set()


def test_a_new_file_is_ranked_after_the_schedule_fires(workspace: Workspace, tmp_path: Path) -> None:
    files, log = tmp_path / "files", tmp_path / "serve.log"
    add(workspace, Kind.TARGET, write_rows(files / "t1.csv", 11))
    add(workspace, Kind.SOURCE, write_rows(files / "s1.csv", 1))
    port, site = _free_port(), _free_port()
    # The ingest fires every minute; the refresh only by the event that the ingest emits.
    options = ("--port", str(port), "--site-port", str(site), "--ingest-cron", "* * * * *")
    with _serving(workspace, log, *options, "--refresh-cron", "0 0 1 1 *") as process:
        _until(lambda: b"Schedule" in log.read_bytes(), 200, process, log)
        _until(lambda: _sources_ranked(workspace) == {"s1"}, 300, process, log)
        # The pages are written after the ranking, by a task of their own.
        _until(lambda: "t1" in _page(site), 120, process, log)
        assert (workspace.private / "server.json").exists()
    assert not (workspace.private / "server.json").exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server outlived its command"


def test_a_taken_port_is_a_clear_error(workspace: Workspace, cli: Callable[..., object]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = cli("serve", "--site-port", taken.getsockname()[1], "-w", workspace.root)
    assert said.is_clear_error("cannot listen", "--site-port")  # type: ignore[attr-defined]
