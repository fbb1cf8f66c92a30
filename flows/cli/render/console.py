"""The two consoles, and the one way that text of unknown origin reaches them."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from features.wording import plain

__all__ = ["stderr_console", "stdout_console", "styled", "to_encoding", "write_line"]

_ASCII = str.maketrans(
    {"±": "+/-", "\N{EN DASH}": "-", "…": "...", "·": "-", "▲": "up", "▼": "down", "●": "o"}
)


def stdout_console() -> Console:
    """Return a console on the standard output of this moment (a test may have replaced it)."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr_console() -> Console:
    """Return a console on the standard error of this moment."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def styled(text: object, style: str = "") -> Text:
    """Return text that nothing in it can colour, break or steer."""
    return Text(plain(text), style=style, no_wrap=True, overflow="ellipsis", end="")


def to_encoding(text: str, console: Console) -> str:
    """Return text that the console's stream can encode; what it cannot becomes ASCII words or ``?``."""
    encoding = console.encoding or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def write_line(console: Console, text: str = "", style: str = "") -> None:
    """Write one line as it is: wrapped at words on a terminal, never wrapped into a pipe or a file."""
    console.print(Text(to_encoding(plain(text), console), style=style), soft_wrap=not console.is_terminal)
