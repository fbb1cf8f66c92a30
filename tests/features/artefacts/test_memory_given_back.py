"""Memory of a step that is over goes back to the system, whichever thread it ran in."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from features.artefacts import memory
from features.artefacts.memory import memory_given_back

MEGABYTE = 1 << 20


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def _fill_and_drop() -> None:
    """Some 200 MB in small pieces, with one that stays behind the freed ones, so that free() alone gives none back."""
    pieces = [np.ones(8_000) for _ in range(3_200)]
    _last.append(np.ones(8_000))
    del pieces


_last: list[object] = []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages by /proc")
def test_freed_memory_of_other_threads_goes_back() -> None:
    def step() -> None:
        with memory_given_back():
            _fill_and_drop()

    before = _resident()
    for _ in range(3):
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()
    assert _resident() - before < 100 * MEGABYTE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages by /proc")
def test_small_steps_leave_it_to_the_one_that_makes_it_worth_the_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected: list[int] = []
    monkeypatch.setattr(memory.gc, "collect", lambda: collected.append(1))
    monkeypatch.setattr(memory, "_left", _resident())
    held = []
    for _ in range(8):
        with memory_given_back():
            held.append(np.ones(2 * MEGABYTE))  # 16 MB each
    # 128 MB in all: once past 64 MB, and once more at most.
    assert 1 <= len(collected) <= 2


def test_an_error_passes_through() -> None:
    with pytest.raises(ValueError, match="mine"), memory_given_back():
        raise ValueError("mine")
