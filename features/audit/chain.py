"""The file of the audit log, its lines and their hashes; nothing here decides what is noted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = [
    "GENESIS",
    "TRAILER",
    "Head",
    "Line",
    "hash_of",
    "head_in_words",
    "last_line",
    "lines_of",
    "log_file",
]

GENESIS = "0" * 64
"""What the first line carries in place of the hash of a line before it."""

TRAILER = "Audit-Log"
"""The trailer of a release's commit message that keeps the log's length and last hash where it cannot be cut off."""


def log_file(workspace: Workspace) -> Path:
    """The log: one JSON object a line, under git with the other ledgers."""
    return workspace.ledgers / "audit.jsonl"


def hash_of(line: bytes) -> str:
    """SHA-256 of a line without its newline."""
    return hashlib.sha256(line).hexdigest()


@dataclass(frozen=True)
class Line:
    """A whole line of the log: its place, its bytes, and the record in it; None where it is none."""

    number: int
    raw: bytes
    record: dict[str, Any] | None


def lines_of(content: bytes) -> Iterator[Line]:
    """The whole lines of the log's bytes; what stands after the last newline was never written to its end."""
    complete, newline, _torn = content.rpartition(b"\n")
    if not newline:
        return
    for number, raw in enumerate(complete.split(b"\n"), start=1):
        yield Line(number, raw, _record(raw))


def _record(raw: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(raw)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def last_line(path: Path, end: int) -> bytes:
    """The line that ends at an offset, without its newline; empty at the file's beginning."""
    if end == 0:
        return b""
    found = b""
    with path.open("rb") as file:
        position = end - 1
        while position > 0:
            step = min(8192, position)
            file.seek(position - step)
            chunk = file.read(step)
            _before, newline, after = chunk.rpartition(b"\n")
            if newline:
                return after + found
            found = chunk + found
            position -= step
        return found


@dataclass(frozen=True)
class Head:
    """Where this machine left the log: its last line, where that lies, and the settings it had noted.

    It is kept apart from the log, so that lines taken off the log's end are missed. Losing it loses that for the
    lines that are in no release yet, and nothing else.
    """

    n: int
    hash: str
    start: int
    end: int
    settings: str
    sections: dict[str, str]

    @staticmethod
    def _path(workspace: Workspace) -> Path:
        return workspace.private / "audit-head.json"

    @classmethod
    def read(cls, workspace: Workspace) -> Head | None:
        """What was kept; None where there is nothing that can be used."""
        try:
            kept = json.loads(cls._path(workspace).read_text(encoding="utf-8"))
            head = cls(**{name: kept[name] for name in cls.__dataclass_fields__})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return head

    def write(self, workspace: Workspace) -> None:
        """Keep it, whole or not at all."""
        path = self._path(workspace)
        part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        part.replace(path)

    def still_stands(self, path: Path) -> bool:
        """Whether its line is where it was, so that the log was at most appended to since."""
        try:
            with path.open("rb") as file:
                file.seek(self.start)
                raw = file.read(self.end - self.start)
        except OSError:
            return False
        return raw.endswith(b"\n") and hash_of(raw[:-1]) == self.hash


def head_in_words(workspace: Workspace) -> str:
    """The log's length and last hash, ``"12 3f5a..."``, as the trailer of a release keeps them; empty without a log."""
    path = log_file(workspace)
    if not path.exists():
        return ""
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    lines = content.count(b"\n")
    return f"{lines} {hash_of(last_line(path, end))}" if lines else ""
