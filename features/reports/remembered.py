"""What was read from files that never change, so that a report need not open thousands of them each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from features.artefacts.files import write_whole

__all__ = ["Remembered"]

_T = TypeVar("_T")
_FORMAT = 1


class Remembered:
    """A file of JSON values by key; losing it costs time and no more.

    Keys name artefacts, rankings or what is computed from them alone, so that a value is never out of date. What
    one run does not ask for, the next no longer has.

    Parameters
    ----------
    path
        The file; need not exist. None remembers nothing beyond this object.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._before = _read(path) if path is not None else {}
        self._now: dict[str, Any] = {}

    def get(self, key: str, make: Callable[[], _T]) -> _T:
        """The value of a key, made when it is not known; what ``make`` raises goes through, and nothing is kept."""
        if key not in self._now:
            self._now[key] = self._before[key] if key in self._before else make()
        value: _T = self._now[key]
        return value

    def save(self) -> None:
        """Write what was asked for, where that is other than what the file has."""
        if self._path is None or self._now.keys() == self._before.keys():
            return
        text = json.dumps({"format": _FORMAT, "values": self._now})
        write_whole(self._path, lambda part: part.write_text(text, encoding="utf-8"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        values = found["values"] if found["format"] == _FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return values if isinstance(values, dict) else {}
