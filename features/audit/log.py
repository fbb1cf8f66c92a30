"""Noting a change: one line at the end of the audit log, chained to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.audit.chain import GENESIS, Head, hash_of, last_line, lines_of, log_file
from features.audit.settings_digest import changed_sections, sections_of, settings_hash
from features.audit.who import identity
from features.record.recorder import mark_unrecorded
from features.registry.ledger import LOCK_SECONDS, Ledger, line_of

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["STARTED", "acting", "note", "whole_part"]

STARTED, SETTINGS = "log started", "settings in force changed"

_RUN: ContextVar[str | None] = ContextVar("springboard_run", default=None)


@contextmanager
def acting(run: str | None) -> Iterator[None]:
    """Say which run the changes noted inside belong to."""
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)


def note(
    workspace: Workspace,
    what: str,
    on: Mapping[str, Any] | None = None,
    *,
    ledger: Ledger | None = None,
    record: Mapping[str, Any] | None = None,
    late: bool = False,
    **facts: Any,
) -> dict[str, Any]:
    """Note that somebody changed the workspace; call it right after the change.

    A workspace without a log gets one by this, whose first line holds the state that was found. Settings that came
    into force since the last line are noted before it.

    Parameters
    ----------
    workspace
        What was changed.
    what
        The deed in two or three words: ``"source registered"``.
    on
        What it was done to, by name and version.
    ledger, record
        The line of another ledger that holds the change, whose hash the log keeps: editing that line breaks the log.
    late
        Somebody else did it, and was cut short before it could be noted: then nobody is named.
    facts
        What else is worth keeping, as JSON.

    Returns
    -------
    dict
        The line.

    Raises
    ------
    BusyError
        Another process held the log for a minute; the change stands, and the next run that records notes it.
    """
    body: dict[str, Any] = {"what": what, "on": dict(on or {}), "run": None if late else _RUN.get(), **facts}
    if ledger is not None and record is not None:
        body["ledger"] = {"file": ledger.path.name, "sha256": hash_of(line_of(record).rstrip(b"\n"))}
    if late:
        body["late"] = True
    mark_unrecorded(workspace)
    with workspace.lock("audit", timeout=LOCK_SECONDS):
        writer = _Writer(workspace, Head.read(workspace))
        writer.start()
        writer.settings()
        return writer.append(body, None if late else identity(workspace.root))


@dataclass
class _Writer:
    """Appends under the lock that the caller holds."""

    workspace: Workspace
    head: Head | None

    @property
    def _path(self) -> Path:
        return log_file(self.workspace)

    def start(self) -> None:
        """The first line of a new log: what the other ledgers held before anybody kept count."""
        if _has_a_line(self._path):
            return
        covers = {}
        for path in sorted(self.workspace.ledgers.glob("*.jsonl")):
            if path != self._path:
                before = whole_part(path)
                covers[path.name] = {"bytes": len(before), "sha256": hash_of(before)}
        sections = sections_of(self.workspace)
        settings = settings_hash(self.workspace)
        self.append(
            {"what": STARTED, "on": {}, "run": _RUN.get(), "covers": covers, "settings": settings},
            identity(self.workspace.root),
            sections,
        )

    def settings(self) -> None:
        """A line for settings that are other than those last noted."""
        known = self._last_settings()
        now = settings_hash(self.workspace)
        if not now or known == now:
            return
        sections = sections_of(self.workspace)
        before = self.head.sections if self.head else {}
        self.append(
            {
                "what": SETTINGS,
                "on": {"file": self.workspace.params_file.name},
                "run": _RUN.get(),
                "settings": now,
                "sections": changed_sections(before, sections) if before else [],
            },
            identity(self.workspace.root),
            sections,
        )

    def _last_settings(self) -> str | None:
        if self.head is not None and self.head.still_stands(self._path):
            return self.head.settings
        noted = (line.record for line in lines_of(self._path.read_bytes()))
        found = [str(record["settings"]) for record in noted if record and "settings" in record]
        return found[-1] if found else None

    def append(
        self,
        body: Mapping[str, Any],
        by: Mapping[str, str | None] | None,
        sections: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """One more line, and where it leaves the log."""
        start = 0

        def make(offset: int) -> dict[str, Any]:
            nonlocal start
            start = offset
            before = last_line(self._path, offset)
            known = {**body, "by": None if by is None else dict(by), "n": self._number(before) + 1}
            # What is missing has to stay missed: the next line of a log that was cut says so for ever.
            if self.head is not None and not self.head.still_stands(self._path):
                known["gap"] = {"n": self.head.n, "hash": self.head.hash}
            return {**known, "prev": hash_of(before) if offset else GENESIS}

        line = Ledger(self._path).append_after(make)
        raw = line_of(line)
        kept = self.head
        settings = line.get("settings") or (kept.settings if kept else self._last_settings() or "")
        self.head = Head(
            line["n"],
            hash_of(raw[:-1]),
            start,
            start + len(raw),
            settings,
            sections if sections is not None else kept.sections if kept else {},
        )
        self.head.write(self.workspace)
        return line

    def _number(self, before: bytes) -> int:
        for line in lines_of(before + b"\n"):
            if line.record is not None and isinstance(line.record.get("n"), int):
                return int(line.record["n"])
        # An edited line says nothing of its number; its place does.
        return sum(1 for _ in lines_of(self._path.read_bytes())) if before else 0


def _has_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline().endswith(b"\n")
    except FileNotFoundError:
        return False


def whole_part(path: Path) -> bytes:
    """A ledger's bytes up to the end of its last whole line; none where it is not there."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    return content[: content.rfind(b"\n") + 1]
