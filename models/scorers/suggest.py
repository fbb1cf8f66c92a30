"""Suggestions for a mistyped name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]

_MOST = 10
"""Names that a message lists."""


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Say "did you mean ...?" when a known name is near, else list the known names."""
    names = sorted(known)
    near = difflib.get_close_matches(typed, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    shown = names if len(names) <= _MOST else [*names[: _MOST - 1], f"... ({len(names)} in all)"]
    return f"choose one of {', '.join(shown)}" if names else "leave it out"
