"""Ages as people type them (``24h``), and the seconds that they are."""

from __future__ import annotations

import math
import re

from models.errors import SettingsError

__all__ = ["age_text", "seconds_of"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds_of(age: str, where: str) -> float:
    """Seconds of an age such as ``24h``, ``90m``, ``7d`` or ``30s``.

    Parameters
    ----------
    age
        What was typed.
    where
        What it was typed after, as the message shows it: ``--max-age``.

    Raises
    ------
    SettingsError
        It is not one.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", age.strip(), flags=re.ASCII)
    seconds = float(found[1]) * _UNITS[found[2]] if found else math.inf
    if not math.isfinite(seconds):
        raise SettingsError(
            f"{age[:40]!r} is not an age",
            consequence="nothing was done",
            next_step=f"{where} 24h, 90m, 7d or 30s",
        )
    return seconds


def age_text(seconds: float) -> str:
    """The shortest way to type an age: ``86400`` is ``"1d"``, ``5400`` is ``"90m"``."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:g}s"
