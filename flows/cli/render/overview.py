"""All targets at a glance on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.cli.render.console import stdout_console, write_line
from flows.cli.render.table import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from features.reports.overview import Overview

__all__ = ["print_overview"]

_STYLES = {"stale": "yellow", "fresh": "green"}


def print_overview(overview: Overview, console: Console | None = None) -> None:
    """Print a sentence and a line per target; what a line has no room for is on the pages and in ``--json``."""
    console = console or stdout_console()
    write_line(console, overview.sentence, "bold")
    if not overview.targets:
        return
    if console.is_terminal:
        write_line(console)
    print_table(
        ["target", "fresh", "leading tier", "since the one before"],
        [[row.name, row.status, row.leading_text, row.change] for row in overview.targets],
        keep=("fresh",),
        wrap=("leading tier", "since the one before"),
        styles=[_STYLES.get(row.status, "") for row in overview.targets],
        console=console,
    )
    for row in overview.stale:
        write_line(console, f"stale: {row.name} ({row.reason})", "yellow")
