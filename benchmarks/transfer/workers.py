"""Units of work over a few processes: one that fails, or whose process is killed, is told of and stops no other."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Unit", "run_units"]

Unit = tuple[Callable[..., None], tuple[Any, ...]]
"""A function of a module and its arguments; what it makes, it writes."""


def run_units(units: Sequence[Unit], workers: int, minutes: float = float("inf")) -> int:
    """Run units in their order, so many at a time; returns how many failed, were killed or were not begun.

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
    # Read when torch is imported, in the processes.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Gradients of word embeddings are large and made at every step: kept, not given back to the system each time.
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(1 << 32))
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(1 << 33))
    waiting, failed = deque(units), [0] * workers

    def serve(number: int) -> None:
        hand: _Hand | None = None
        while waiting:
            try:
                function, given = waiting.popleft()
            except IndexError:  # Another thread took the last one.
                break
            if time.time() > ends:
                failed[number] += 1
                continue
            hand = hand or _Hand()
            done = hand.do(function, given)
            failed[number] += not done
            if done is None:
                print(f"{function.__name__}{given}: its process was killed", flush=True)
                hand = None
        if hand is not None:
            hand.end()

    threads = [threading.Thread(target=serve, args=(number,), daemon=True) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(failed)


class _Hand:
    """A process that does one unit after the other and keeps what it has loaded.

    Not a pool of the standard library: ``multiprocessing``'s waits for ever for the unit of a process that was killed
    (for want of memory, say), and ``concurrent.futures``' gives up all units then.
    """

    def __init__(self) -> None:
        # Fresh ones, since torch does not like to be forked.
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_work, args=(there, os.getpid()), daemon=True)
        self._process.start()
        there.close()  # The process's own end is then the only one, and its death is the pipe's end.

    def do(self, function: Callable[..., None], given: tuple[Any, ...]) -> bool | None:
        """Whether the unit was done; None where the process died of it."""
        try:
            self._here.send((function, given))
            return bool(self._here.recv())
        except (EOFError, OSError):
            self._process.join()
            return None

    def end(self) -> None:
        """Let the process end."""
        self._here.close()
        self._process.join()


def _work(there: Connection, parent: int) -> None:
    _end_with(parent)
    while True:
        try:
            function, given = there.recv()
        except EOFError:
            return
        there.send(_attempt(function, given))


def _end_with(parent: int) -> None:
    """Let a worker end when its parent is gone: killed, say, so that another run may begin."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _attempt(function: Callable[..., None], given: tuple[Any, ...]) -> bool:
    try:
        function(*given)
    except Exception:
        print(f"{function.__name__}{given} failed:\n{traceback.format_exc()}", flush=True)
        return False
    return True
