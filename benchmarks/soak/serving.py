"""``springboard serve`` as a user has it, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from features.workspace import Workspace

__all__ = ["CRONS", "Serving"]

_COMMAND = [sys.executable, "-c", "from flows.cli import main; main()", "serve"]

CRONS = {"ingest": "* * * * *", "refresh": "* * * * *", "maintain": "*/10 * * * *"}
"""Flow -> when it runs: every minute, upkeep every ten."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Serving:
    """One workspace's serving process.

    Attributes
    ----------
    workspace, log
        What it works on, and where its output goes.
    more
        Environment variables beside our own.
    crons
        Flow -> when it runs; the others as prefect.yaml has them.
    """

    workspace: Workspace
    log: Path
    more: Mapping[str, str]
    crons: Mapping[str, str]
    port: int = field(default_factory=_free_port)
    site: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None
    _out: IO[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        ports = ["--port", str(self.port), "--site-port", str(self.site)]
        crons = [word for flow, cron in self.crons.items() for word in (f"--{flow}-cron", cron)]
        self._out = self.log.open("ab")
        self._process = subprocess.Popen(
            [*_COMMAND, *ports, *crons],
            cwd=self.workspace.root,
            env={**environment, **self.more},
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )

    def wait(self, seconds: float = 300.0) -> None:
        """Wait until it says that it serves; raises RuntimeError where it ends or takes longer."""
        deadline = time.monotonic() + seconds
        while not all(_listens(port) for port in (self.port, self.site)):
            self.check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"serve was not up after {seconds:.0f} s")
            time.sleep(0.5)

    def check(self) -> None:
        """Raise RuntimeError, with the end of the log, where it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            said = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise RuntimeError(f"serve ended by itself: {said}")

    def page(self) -> str:
        """Its first page, or why there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.site}/", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError as problem:
            return str(problem)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal, and wait."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(timeout=120)
        self._process = None
        if self._out is not None:
            self._out.close()

    def is_silent(self, seconds: float = 30.0) -> bool:
        """Whether nothing listens on its ports any more, waiting so long for it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not any(_listens(port) for port in (self.port, self.site)):
                return True
            time.sleep(0.5)
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
