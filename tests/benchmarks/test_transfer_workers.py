"""Units of work over processes: what fails or is killed is counted and told of, and the others are done."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from benchmarks.transfer.workers import run_units


def write(folder: str, name: str) -> None:
    """Leave a file behind that says which process made it."""
    Path(folder, name).write_text(str(os.getpid()))


def fail(folder: str) -> None:
    """Fail."""
    raise ValueError(f"no luck in {folder}")


def die(folder: str) -> None:
    """End as a process does that the system has no memory for."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_that_fails_or_is_killed_stops_no_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path)
    units = [
        (write, (place, "a")),
        (die, (place,)),
        (write, (place, "b")),
        (fail, (place,)),
        (write, (place, "c")),
    ]
    assert run_units(units, 1) == 2
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(made) == {"a", "b", "c"}
    # One process goes on with what it has loaded until it is killed; a failure does not cost it that.
    assert made["a"] != made["b"] == made["c"]
    out = capfd.readouterr().out
    assert "die" in out
    assert "its process was killed" in out
    assert f"ValueError: no luck in {place}" in out


def test_nothing_is_begun_after_the_time(tmp_path: Path) -> None:
    assert run_units([(write, (str(tmp_path), name)) for name in "abc"], 2, minutes=-1) == 3
    assert not list(tmp_path.iterdir())
