"""The two consoles, and the one way that text of unknown origin reaches them."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

from features.wording import plain

__all__ = ["stderr_console", "stdout_console", "styled", "to_encoding", "wrapped", "write_line"]

_ASCII = str.maketrans(
    {"±": "+/-", "\N{EN DASH}": "-", "…": "...", "·": "-", "▲": "up", "▼": "down", "●": "o"}
)


_LABEL = re.compile(r" *\S+(?: \S+)*(?:  +)")
"""What stands before the text that it is the name of: words, then two spaces or more."""

_WIDEST_LABEL, _LEAST_WRAPPED = 24, 20


class _Console(Console):
    """A console that leaves it to the command what a pipe that nobody reads any more means."""

    def on_broken_pipe(self) -> None:
        # rich calls this as it handles the error, and would exit with code 1: "the answer is no".
        raise


def stdout_console() -> Console:
    """Return a console on the standard output of this moment (a test may have replaced it)."""
    return _Console(highlight=False, markup=False, emoji=False)


def stderr_console() -> Console:
    """Return a console on the standard error of this moment."""
    return _Console(stderr=True, highlight=False, markup=False, emoji=False)


def styled(text: object, style: str = "", *, goes_on: bool = False) -> Text:
    """Return text that nothing in it can colour, break or steer: cut where it does not fit, or going on below."""
    return Text(
        plain(text), style=style, no_wrap=not goes_on, overflow="fold" if goes_on else "ellipsis", end=""
    )


def to_encoding(text: str, console: Console) -> str:
    """Return text that the console's stream can encode; what it cannot becomes ASCII words or ``?``."""
    encoding = console.encoding or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def write_line(console: Console, text: str = "", style: str = "") -> None:
    """Write one line as it is: wrapped at words on a terminal, never wrapped into a pipe or a file.

    What is wrapped stands below what it belongs to: behind the line's label, or set in as far as the line itself.
    """
    said = to_encoding(plain(text), console)
    if not console.is_terminal:
        console.print(Text(said, style=style), soft_wrap=True)
        return
    for line in wrapped(said, console):
        console.print(Text(line, style=style, no_wrap=True))


def wrapped(text: str, console: Console) -> list[str]:
    """The lines of a terminal that a text takes, wrapped at words; those after the first are set in."""
    first = Text(text).wrap(console, console.width)[0].plain if text else ""
    rest = text[len(first) :].lstrip()
    margin = _margin(text)
    if not rest:
        return [first.rstrip()]
    lines = Text(rest).wrap(console, max(console.width - margin, _LEAST_WRAPPED))
    return [first.rstrip(), *(" " * margin + line.plain.rstrip() for line in lines)]


def _margin(text: str) -> int:
    """How far the lines after the first are set in."""
    label = _LABEL.match(text)
    if label is not None and label.end() <= _WIDEST_LABEL:
        return label.end()
    return len(text) - len(text.lstrip())
