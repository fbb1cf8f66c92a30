"""Units of work over a few processes: one that fails is told of and stops no other."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Unit", "run_units"]

Unit = tuple[Callable[..., None], tuple[Any, ...]]
"""A function of a module and its arguments; what it makes, it writes."""


def run_units(units: Sequence[Unit], workers: int, minutes: float = float("inf")) -> int:
    """Run units in their order, so many at a time; returns how many failed or were not begun.

    Parameters
    ----------
    units
        What to do.
    workers
        Processes, each with one thread of its own on a CPU.
    minutes
        Nothing new is begun after so many.
    """
    ends = time.time() + 60 * minutes
    # Read when torch is imported, in the processes; a fresh one a worker, since torch does not like to be forked.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Gradients of word embeddings are large and made at every step: kept, not given back to the system each time.
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(1 << 32))
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(1 << 33))
    with multiprocessing.get_context("spawn").Pool(workers, _end_with, (os.getpid(),)) as pool:
        waiting = [pool.apply_async(_attempt, (function, given, ends)) for function, given in units]
        return sum(not one.get() for one in waiting)


def _end_with(parent: int) -> None:
    """Let a worker end when its parent is gone: killed, say, so that another run may begin."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _attempt(function: Callable[..., None], given: tuple[Any, ...], ends: float) -> bool:
    if time.time() > ends:
        return False
    try:
        function(*given)
    except Exception:
        print(f"{function.__name__}{given} failed:\n{traceback.format_exc()}", flush=True)
        return False
    return True
