"""An append-only file of JSON lines that survives a crash in the middle of a write."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.errors import ArtefactError

__all__ = ["Ledger", "now_utc", "parse_time"]


def now_utc() -> str:
    """The time now as ISO 8601 in UTC with microseconds, which sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def parse_time(text: str) -> datetime:
    """An ISO 8601 time as an aware datetime; one without a zone is taken as UTC.

    Raises
    ------
    ValueError
        It is not ISO 8601.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True)
class Ledger:
    """One append-only file; every line is a JSON object with the time under ``at``."""

    path: Path

    def read(self) -> list[dict[str, Any]]:
        """All records, oldest first. A last line without its newline (a crash while writing) is not a record.

        Raises
        ------
        ArtefactError
            A complete line is not JSON: somebody edited the file.
        """
        if not self.path.exists():
            return []
        records = []
        complete, _, _torn = self.path.read_bytes().rpartition(b"\n")
        for number, line in enumerate(complete.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                records.append(json.loads(line))
            except ValueError:
                raise ArtefactError(
                    f"line {number} of '{self.path}' is not JSON",
                    consequence="the ledger was left as it is and nothing was done",
                    next_step=f"git log -p -- '{self.path}' shows what changed; restore the line",
                ) from None
        return records

    def append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Write one record at the end, with the time, and make it durable before returning.

        The line is written by one call and followed by fsync; a torn line of an earlier crash is cut off
        first, since no reader ever saw it as a record.
        """
        stamped = {"at": now_utc(), **record}
        line = json.dumps(stamped, ensure_ascii=False, sort_keys=True, allow_nan=False).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open_locked() as descriptor:
            size = self._end_of_last_whole_line(descriptor)
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
            try:
                written = 0
                while written < len(line):
                    written += os.write(descriptor, line[written:])
                os.fsync(descriptor)
            except OSError:
                # A full disk leaves the ledger as it was.
                os.ftruncate(descriptor, size)
                raise
        return stamped

    @contextmanager
    def _open_locked(self) -> Iterator[int]:
        from filelock import FileLock

        # The lock lies with the machine's private files where there is a workspace, else beside the ledger.
        private = self.path.parent.parent / ".springboard" / "locks"
        private.mkdir(parents=True, exist_ok=True)
        with FileLock(private / f"ledger-{self.path.name}.lock", timeout=60):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    @staticmethod
    def _end_of_last_whole_line(descriptor: int) -> int:
        size = os.fstat(descriptor).st_size
        position = size
        while position > 0:
            step = min(4096, position)
            chunk = os.pread(descriptor, step, position - step)
            found = chunk.rfind(b"\n")
            if found >= 0:
                return position - step + found + 1
            position -= step
        return 0
