"""Runs as they begin and end: a file and a lock while one goes on, one line of state when it is over.

The lock goes with the process that holds it. So a file whose lock is free is of a run that was killed, whatever
became of its process id, and one whose lock is held goes on, or hangs.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from features.registry.ledger import LOCK_SECONDS, now_utc, parse_time
from features.runs.state import WHOLE, FlowState, read_states, write_states

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from features.workspace.layout import Workspace

__all__ = [
    "Begun",
    "Outcome",
    "Running",
    "begin",
    "finish",
    "forget",
    "last_of_flows",
    "note_killed",
    "running",
]

GRACE_SECONDS = 60.0
"""A run that is ended at its time-out has so long to say so."""

KILLED = "its process was killed, or the machine went down"


@dataclass(frozen=True)
class Outcome:
    """What became of a run: source or target -> why it failed, and those that are fine (None: all the others)."""

    failed: Mapping[str, str] = field(default_factory=dict)
    fine: Iterable[str] | None = None


@dataclass(frozen=True)
class Running:
    """A run that has begun and did not say that it ended.

    ``timeout_seconds`` is after how long it hangs, ``alive`` whether its process is there, ``seconds`` how long ago it
    began.
    """

    run: str
    flow: str
    started_at: str
    timeout_seconds: float
    host: str
    alive: bool
    seconds: float
    file: Path

    @property
    def hangs(self) -> bool:
        """Whether it goes on for longer than its time-out."""
        return self.alive and self.seconds > self.timeout_seconds + GRACE_SECONDS


@dataclass
class Begun:
    """A run of this process."""

    workspace: Workspace
    run: str
    flow: str
    file: Path
    lock: BaseFileLock
    began: float


def _folder(workspace: Workspace) -> Path:
    return workspace.private / "runs"


def begin(workspace: Workspace, flow: str, run: str | None, timeout_seconds: float) -> Begun:
    """Note that a run begins.

    Parameters
    ----------
    workspace
        What it works on.
    flow
        The flow's name.
    run
        The run's id, or None where nobody gave it one.
    timeout_seconds
        After how long it is said to hang.
    """
    from filelock import FileLock

    name = uuid4().hex
    folder = _folder(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    lock.acquire()
    file = folder / f"{name}.json"
    record = {
        "run": run or name,
        "flow": flow,
        "started_at": now_utc(),
        "timeout_seconds": timeout_seconds,
        "host": platform.node(),
        "boot": _boot(),
        "monotonic": time.monotonic(),
    }
    part = folder / f".{name}.part"
    part.write_text(json.dumps(record), encoding="utf-8")
    part.replace(file)
    with workspace.lock("flows", timeout=LOCK_SECONDS):
        states = read_states(workspace)
        state = states.get(flow, FlowState(flow))
        write_states(workspace, {**states, flow: replace(state, started_at=str(record["started_at"]))})
    return Begun(workspace, record["run"], flow, file, lock, time.monotonic())  # type: ignore[arg-type]


def finish(begun: Begun, outcome: Outcome | None) -> None:
    """Note that a run is over; ``outcome`` is None where somebody stopped it, which says nothing of what it did."""
    try:
        if outcome is not None:
            _note(begun.workspace, begun.flow, begun.run, time.monotonic() - begun.began, outcome)
        begun.file.unlink(missing_ok=True)
    finally:
        begun.lock.release()
        Path(begun.lock.lock_file).unlink(missing_ok=True)


def _note(workspace: Workspace, flow: str, run: str, seconds: float, outcome: Outcome) -> None:
    with workspace.lock("flows", timeout=LOCK_SECONDS):
        states = read_states(workspace)
        state = states.get(flow, FlowState(flow))
        after = state.after(now_utc(), seconds, run, outcome.failed, outcome.fine)
        write_states(workspace, {**states, flow: after})


def last_of_flows(workspace: Workspace) -> dict[str, FlowState]:
    """Flow -> when it last ran and succeeded, and what is failing in it."""
    return read_states(workspace)


def running(workspace: Workspace) -> list[Running]:
    """The runs that did not say that they ended, those that were killed among them; oldest first."""
    found = []
    for file in _folder(workspace).glob("[!.]*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(file.read_text(encoding="utf-8"))
            found.append(
                Running(
                    run=str(record["run"]),
                    flow=str(record["flow"]),
                    started_at=str(record["started_at"]),
                    timeout_seconds=float(record["timeout_seconds"]),
                    host=str(record["host"]),
                    alive=_is_alive(file),
                    seconds=_seconds_since(record),
                    file=file,
                )
            )
    # One that ended while we looked left no file.
    return sorted((one for one in found if one.file.exists()), key=lambda one: (one.started_at, one.run))


def note_killed(workspace: Workspace) -> list[Running]:
    """Note the runs that were killed as failures of their flows; they stay until :func:`forget`.

    So whoever is killed between noting and telling leaves them to the next one, who notes the same again.
    """
    dead = [one for one in running(workspace) if not one.alive]
    for one in dead:
        _note(workspace, one.flow, one.run, one.seconds, Outcome({WHOLE: _why_gone(workspace, one)}, ()))
    return dead


def _why_gone(workspace: Workspace, dead: Running) -> str:
    """Why a run is gone: what ended it at its time limit left a note of it."""
    with suppress(OSError):
        note = workspace.private / "timeouts" / f"{dead.flow}-{dead.run}.txt"
        first = note.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
        return first or KILLED
    return KILLED


def forget(dead: Running) -> None:
    """Take away what a killed run left."""
    dead.file.unlink(missing_ok=True)
    dead.file.with_suffix(".lock").unlink(missing_ok=True)


def _is_alive(file: Path) -> bool:
    from filelock import FileLock, Timeout

    lock = file.with_suffix(".lock")
    try:
        with FileLock(lock, timeout=0):
            if not file.exists():
                lock.unlink(missing_ok=True)  # It ended while we looked, and our looking made this one anew.
            return False
    except Timeout:
        return True


def _seconds_since(record: dict[str, Any]) -> float:
    # A clock that was put forward makes nothing hang; only after a reboot there is nothing better than the clock.
    if record.get("boot") and record["boot"] == _boot():
        return max(0.0, time.monotonic() - float(record["monotonic"]))
    since = parse_time(record["started_at"])
    return max(0.0, (datetime.now(UTC) - since).total_seconds())


def _boot() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
