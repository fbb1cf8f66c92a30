"""How far a long step is: a bar with elapsed and remaining time, or a line now and then in a log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as RemainingColumn
from rich.table import Column

from features.wording import plain
from flows.cli.render.console import stderr_console, to_encoding, write_line

if TYPE_CHECKING:
    from rich.console import Console

    from models.tasks import OnProgress

__all__ = ["progress_bar"]

_SHARE, _SECONDS, _AT_MOST_EVERY = 0.10, 15.0, 1.0


@contextmanager
def progress_bar(
    description: str,
    *,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[OnProgress]:
    """Show how far the steps of a block are, on standard error.

    Parameters
    ----------
    description
        What is being done, as ``"Embedding ag_news"``; a name in it is data.
    console
        Where to; None is standard error.
    clock
        Seconds from any moment; for tests.

    Yields
    ------
    OnProgress
        To be called with (units done, units in all), from any thread. The total may change on the way.

    Notes
    -----
    Where there is no terminal: a line when the block first says how far it is, one at the end (which says so if
    the block raised), and between them one every tenth or every 15 seconds, whichever comes first, but never two
    within a second. A block that raised before it said anything leaves nothing behind: the error alone tells.
    """
    console = console or stderr_console()
    if console.is_terminal and not console.is_dumb_terminal:
        with _drawn(plain(description), console) as advance:
            yield advance
        return
    lines = _Lines(to_encoding(plain(description), console), console, clock)
    try:
        yield lines.advance
    except BaseException:
        lines.end("stopped")
        raise
    lines.end("done")


@contextmanager
def _drawn(description: str, console: Console) -> Generator[OnProgress]:
    label = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    columns = (label, BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), RemainingColumn())
    with Progress(*columns, console=console, expand=True, transient=False) as progress:
        task = progress.add_task(description, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            yield advance
        except BaseException:
            # While the hub is asked, say, a bar shows that something goes on; of what never began none is left.
            progress.live.transient = progress.tasks[0].total is None
            raise


class _Lines:
    """Progress as plain lines: the watcher is a log."""

    def __init__(self, description: str, console: Console, clock: Callable[[], float]) -> None:
        self._description, self._console, self._clock = description, console, clock
        self._lock = threading.Lock()
        self._started = self._said_at = clock()
        self._said_share = 0.0
        self._done, self._total = 0, 0
        self._begun = False

    def advance(self, done: int, total: int) -> None:
        with self._lock:
            self._begin()
            self._done, self._total = done, total
            now = self._clock()
            share, silent_for = (done / total if total > 0 else 0.0), now - self._said_at
            due = share - self._said_share >= _SHARE - 1e-9 and silent_for >= _AT_MOST_EVERY
            if done < total and (due or silent_for >= _SECONDS):
                self._said_at, self._said_share = now, share
                self._say(self._how_far(share, now - self._started))

    def end(self, word: str) -> None:
        with self._lock:
            elapsed = _clock_time(self._clock() - self._started)
            if word == "done":
                self._begin()
                count = f", {self._done:,} of {self._total:,}" if self._done < self._total else ""
                self._say(f"done in {elapsed}{count}")
            elif self._begun:
                count = f", {self._done:,} of {self._total:,}" if self._total else ""
                self._say(f"stopped after {elapsed}{count}")

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._say("started")

    def _how_far(self, share: float, elapsed: float) -> str:
        left = f", about {_clock_time(elapsed / share - elapsed)} left" if share > 0 else ""
        return f"{share:.0%} ({self._done:,} of {self._total:,}), {_clock_time(elapsed)} so far{left}"

    def _say(self, text: str) -> None:
        said = f"{self._description}: {text}"
        if os.environ.get("SPRINGBOARD_LOG"):
            from flows.logs import json_line, wants_json

            if wants_json():
                said = json_line("springboard.progress", said)
        write_line(self._console, said)


def _clock_time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
