"""What this machine saw at its last look: sizes and times, so that unchanged content is not read again.

Losing it loses nothing: files are hashed once more, and the hub is asked once more.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from features.artefacts.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from features.inbox.items import ItemId
    from features.workspace.layout import Workspace

__all__ = ["Memory", "OnDisk", "OnHub"]


@dataclass(frozen=True)
class OnDisk:
    """An entry as it was seen: its sizes, since when (seconds since 1970), and its content where that was hashed."""

    sizes: str
    since: float
    content: str | None = None


@dataclass(frozen=True)
class OnHub:
    """What the hub said of a dataset: its commit and when, and why it could not be asked since.

    ``asked`` and ``answered`` are seconds since 1970.
    """

    commit: str | None
    answered: float | None
    asked: float
    problem: str = ""


@dataclass
class Memory:
    """.springboard/inbox.json."""

    path: Path
    disk: dict[str, OnDisk] = field(default_factory=dict)
    hub: dict[str, OnHub] = field(default_factory=dict)
    _before: str = ""

    @classmethod
    def of(cls, workspace: Workspace) -> Memory:
        """Read it; what cannot be read was never seen."""
        memory = cls(workspace.private / "inbox.json")
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            raw = json.loads(memory.path.read_text(encoding="utf-8"))
            memory.disk = {key: OnDisk(**value) for key, value in raw["disk"].items()}
            memory.hub = {key: OnHub(**value) for key, value in raw["hub"].items()}
        memory._before = memory._text()
        return memory

    @staticmethod
    def key(item: ItemId) -> str:
        """What an item is kept under."""
        return json.dumps(item)

    def keep_only(self, keys: set[str]) -> None:
        """Forget what is no longer looked at."""
        self.disk = {key: value for key, value in self.disk.items() if key in keys}
        self.hub = {key: value for key, value in self.hub.items() if key in keys}

    def save(self) -> None:
        """Write it where it changed."""
        text = self._text()
        if text != self._before:
            write_whole(self.path, lambda part: part.write_text(text, encoding="utf-8"))
            self._before = text

    def _text(self) -> str:
        disk = {key: asdict(one) for key, one in self.disk.items()}
        return json.dumps({"disk": disk, "hub": {key: asdict(one) for key, one in self.hub.items()}})
