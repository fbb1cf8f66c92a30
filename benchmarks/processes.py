"""Running a program and counting the CPU of its whole process tree, or sampling its memory."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "environment", "run_counted"]

_PR_SET_CHILD_SUBREAPER = 36
_REAP_SECONDS = 30.0


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system) of a process tree, and wall seconds."""

    cpu: float
    wall: float


def environment(**more: str) -> dict[str, str]:
    """The environment of a measured program: one thread per library, nobody told, nothing asked of the net."""
    root = str(Path(__file__).resolve().parents[1])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")])),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        **more,
    }


def run_counted(command: Sequence[str], env: Mapping[str, str], log: Path) -> Cost:
    """Run a program to its end and count the CPU of everything it started, children of children included.

    Raises
    ------
    RuntimeError
        It failed; its last lines are in the message.
    """
    _adopt_orphans()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with log.open("ab") as out:
        done = subprocess.run(command, env=dict(env), stdout=out, stderr=subprocess.STDOUT, check=False)
    wall = time.perf_counter() - started
    _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        raise RuntimeError(f"{' '.join(command)} failed:\n" + "\n".join(tail))
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def _adopt_orphans() -> None:
    # A server whose parent has ended would be adopted by init, and its CPU seconds lost to us.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    deadline = time.monotonic() + _REAP_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
