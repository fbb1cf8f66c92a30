"""An error as three lines: what failed, what happens now, what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from features.wording import plain
from flows.cli.render.console import stderr_console, to_encoding

if TYPE_CHECKING:
    from rich.console import Console

    from models.errors import SpringboardError

__all__ = ["print_error"]


def print_error(error: SpringboardError, console: Console | None = None) -> None:
    """Print an error on standard error.

    The next step stands on a line of its own that is never broken, so that it can be copied as it is.
    """
    console = console or stderr_console()
    _line(console, "Error: ", "bold red", _stopped(error.what), wrap=True)
    if error.consequence:
        _line(
            console,
            "  Now: ",
            "bold",
            _stopped(error.consequence[:1].upper() + error.consequence[1:]),
            wrap=True,
        )
    if error.next_step:
        _line(console, " Next: ", "bold cyan", error.next_step, wrap=False)


def _line(console: Console, label: str, style: str, text: str, *, wrap: bool) -> None:
    # A message of several lines keeps them, set in under its label.
    body = f"\n{' ' * len(label)}".join(plain(line) for line in text.splitlines())
    line = Text.assemble((label, style), (to_encoding(body, console), "" if wrap else "bold"))
    console.print(line, soft_wrap=not (wrap and console.is_terminal))


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."
