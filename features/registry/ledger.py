"""An append-only file of JSON lines that survives a crash in the middle of a write."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from models.errors import ArtefactError, BusyError

__all__ = ["Ledger", "line_of", "now_utc", "parse_time", "records_of"]


LOCK_SECONDS = 60.0
"""How long an append waits for another one; each takes a few milliseconds."""


def now_utc() -> str:
    """The time now as ISO 8601 in UTC with microseconds, which sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def parse_time(text: str, *, ends: bool = False) -> datetime:
    """An ISO 8601 time as an aware datetime; one without a zone is taken as UTC.

    A date alone is its first moment, or with ``ends`` its last.

    Raises
    ------
    ValueError
        It is not ISO 8601.
    """
    moment = datetime.fromisoformat(text)
    if ends and _is_date(text):
        moment = datetime.combine(moment, time.max)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def line_of(record: Mapping[str, Any]) -> bytes:
    """The bytes that stand for a record in a ledger, its newline with them; the same record, the same bytes.

    Raises
    ------
    ValueError
        It holds what JSON has no word for.
    """
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, allow_nan=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        # A file name may hold bytes that are no text; escaped, they come back as they were.
        return json.dumps(record, sort_keys=True, allow_nan=False).encode() + b"\n"


def records_of(content: bytes) -> list[dict[str, Any]]:
    """The records in a ledger's bytes, oldest first, wherever they were kept.

    What stands after the last newline (a crash while writing) is not a record. A line ends at a newline and nowhere
    else: the text in it may hold any other character at which text is split into lines.

    Raises
    ------
    ValueError
        A complete line is not a JSON object with a time; the message says which ("line 3").
    """
    records = []
    complete, _, _torn = content.rpartition(b"\n")
    for number, line in enumerate(complete.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            parse_time(record["at"])
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"line {number}") from None
        records.append(record)
    return records


@dataclass(frozen=True)
class Ledger:
    """One append-only file; every line is a JSON object with the time under ``at``."""

    path: Path

    def read(self) -> list[dict[str, Any]]:
        """All records, oldest first. A last line without its newline (a crash while writing) is not a record.

        Raises
        ------
        ArtefactError
            A complete line is not a JSON object with a time: somebody edited the file.
        """
        if not self.path.exists():
            return []
        try:
            return records_of(self.path.read_bytes())
        except ValueError as problem:
            raise ArtefactError(
                f"{problem} of '{self.path}' is not a record",
                consequence="the ledger was left as it is and nothing was done",
                next_step=f"git log -p -- '{self.path}' shows what changed; restore the line",
            ) from None

    def append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Write one record at the end, with the time, and make it durable before returning.

        The line is written by one call and followed by fsync; a torn line of an earlier crash is cut off
        first, since no reader ever saw it as a record.

        Raises
        ------
        BusyError
            Another process held the ledger's lock for a minute.
        """
        return self.append_after(lambda _: record)

    def append_after(self, make: Callable[[int], Mapping[str, Any]]) -> dict[str, Any]:
        """As :meth:`append`, for a record that follows from what stands before it.

        Parameters
        ----------
        make
            Makes the record; called under the lock with the offset that the new line will begin at.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open_locked() as descriptor:
            size = self._end_of_last_whole_line(descriptor)
            # The time is taken under the lock, so that later lines have later times.
            stamped = {"at": now_utc(), **make(size)}
            line = line_of(stamped)
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
        from filelock import FileLock, Timeout

        # The lock lies with the machine's private files where there is a workspace, else beside the ledger.
        private = self.path.parent.parent / ".springboard" / "locks"
        private.mkdir(parents=True, exist_ok=True)
        lock = FileLock(private / f"ledger-{self.path.name}.lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(
                f"another run has held the lock of '{self.path}' for more than {LOCK_SECONDS:g} s",
                consequence="nothing was noted there",
                next_step="wait for the other run to end and type the same command again",
            ) from None
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        finally:
            lock.release()

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
