"""Small pieces of text that people read: names made safe to show, ages, lists of names, numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

__all__ = [
    "age_in_words",
    "counted",
    "decimals_for",
    "did_you_mean",
    "duration_in_words",
    "fixed",
    "joined",
    "plain",
]

_JOINERS = "\u200c\u200d"  # Persian spelling and emoji families need these two; they reorder nothing
_STEPS = ((60.0, "second"), (60.0, "minute"), (24.0, "hour"), (365.0, "day"), (math.inf, "year"))


def plain(text: object) -> str:
    """Return text as one line that cannot steer a terminal or reorder the line it stands in.

    Control characters (escape sequences among them), line breaks, bidirectional overrides, other invisible
    format characters and lone surrogates become U+FFFD, so that a tampered name is seen to be tampered with.
    Letters of every script are kept.
    """
    line = str(text)
    # Nothing that steers is printable, and nearly all names are; a report shows a hundred thousand of them.
    return line if line.isprintable() else "".join("\ufffd" if _steers(c) else c for c in line)


def _steers(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return ``"1 source"``, ``"12 sources"``, ``"1,500 sources"``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def joined(names: Sequence[str], limit: int = 5) -> str:
    """Return ``"a, b and c"``, or ``"a, b, c, d, e and 7 more"`` past `limit` names."""
    shown = list(names[:limit])
    if len(names) > limit:
        shown.append(f"{len(names) - limit:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean reviews?"``, of the known names nearest to what was typed; empty where none is near."""
    import difflib

    typed = re.sub(r"[^a-z0-9_-]", "", name[:1000].casefold())
    near = difflib.get_close_matches(typed, list(known), n=3)
    return f" Did you mean {', '.join(near)}?" if near else ""


def duration_in_words(seconds: float) -> str:
    """Return a duration as a person would say it: ``"3 hours"``, ``"2 days"``, ``"less than a minute"``."""
    if seconds < 60:
        return "less than a minute"
    amount = seconds
    for size, unit in _STEPS:
        if amount < size:
            return counted(int(amount), unit)
        amount /= size
    raise AssertionError("the last step has no end")


def age_in_words(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was; one ahead of `now` is said to be, for it means a wrong clock."""
    seconds = (now - then).total_seconds()
    if seconds < -60:
        return f"dated {duration_in_words(-seconds)} ahead of this machine's clock"
    return f"{duration_in_words(max(seconds, 0.0))} ago"


def decimals_for(values: Sequence[float], *, least: int = 4, most: int = 9) -> int:
    """Return how many decimals show the spread of the values in three figures, never fewer than `least`."""
    spread = max(values) - min(values) if values else 0.0
    if not spread > 0:
        return least
    return max(least, min(most, math.ceil(-math.log10(spread)) + 2))


def fixed(value: float, decimals: int) -> str:
    """Return a number with that many decimals; very large ones in powers of ten, and never ``-0.0000``."""
    if abs(value) >= 1e9:
        return f"{value:.6g}"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
