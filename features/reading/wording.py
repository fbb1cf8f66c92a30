"""Names from outside, made safe and short enough to stand in a message."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean", "listed", "shown"]

# Invisible characters that reorder or hide the text around them when a message is printed.
_INVISIBLE = {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF}


def shown(value: object, limit: int = 60) -> str:
    """Quote a value for a message: control characters escaped, shortened to `limit` characters."""
    text = str(value)
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    escaped = "".join(
        c if c.isprintable() and ord(c) not in _INVISIBLE else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
    return f"'{escaped}'"


def listed(values: Iterable[object], most: int = 12) -> str:
    """Quote several values, the first `most` of them, and say how many more there are."""
    items = list(values)
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(shown(item) for item in items[:most]) + rest


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"`` for the known name nearest to `name`, or an empty string."""
    by_folded = {item.strip().casefold(): item for item in known}
    near = difflib.get_close_matches(name.strip().casefold()[:200], by_folded, n=1, cutoff=0.6)
    return f"did you mean {shown(by_folded[near[0]])}?" if near else ""
