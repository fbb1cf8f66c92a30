"""Why somebody decided: asked for, and kept."""

from __future__ import annotations

from models.errors import SettingsError

__all__ = ["checked_reason"]

_MOST = 1000


def checked_reason(reason: str) -> str:
    """Return a reason without the space around it.

    Raises
    ------
    SettingsError
        There is none, or it is longer than 1,000 characters.
    """
    stripped = reason.strip()
    if 0 < len(stripped) <= _MOST:
        return stripped
    what = "no reason was given" if not stripped else f"the reason is longer than {_MOST:,} characters"
    raise SettingsError(
        what,
        consequence="nothing was decided",
        next_step="--reason TEXT: one sentence that somebody understands in a year",
    )
