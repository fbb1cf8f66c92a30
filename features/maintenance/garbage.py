"""What nobody needs leaves ``data/``, some time after it was last needed, and only where DVC's cache has it.

Which files that is follows from stored state each time; only since when is remembered (``.springboard/unneeded.json``),
so that losing the memory makes files stay longer.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.files import write_whole
from features.audit import note
from features.maintenance.needed import COLLECTED, Needed, needed
from features.record.git import head
from features.record.recorded import Recorded, md5_of, recorded_files
from features.record.recorder import mark_unrecorded
from features.registry.ledger import now_utc, parse_time

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Collected", "collect"]

YOUNG = 24 * 3600.0
"""Seconds for which a file that was just written is nobody's business: its run may not have come to use it."""


@dataclass(frozen=True)
class Collected:
    """What left ``data/``, or would.

    Attributes
    ----------
    removed
        Folder -> how many files.
    bytes
        Their size in all.
    waiting
        How many are not needed now, and have not been for long enough.
    not_cached
        Files that would have left and stay, because DVC's cache does not hold them as they are.
    """

    removed: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    waiting: int = 0
    not_cached: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """How many files that is."""
        return sum(self.removed.values())


def collect(workspace: Workspace, *, dry_run: bool = False) -> Collected:
    """Take out of ``data/`` what nothing current, no pin and no kept release needs.

    A file goes when it was not needed for ``maintain.keep_days`` and DVC's cache holds its very bytes, so that a
    restore of any release brings it back. Nothing leaves the cache.

    Parameters
    ----------
    workspace
        The workspace.
    dry_run
        Only say what would be done; nothing is remembered either.

    Raises
    ------
    ArtefactError
        A ledger is broken: nobody knows what is needed, and nothing goes.
    RecordError
        git or DVC cannot be asked; nothing goes.
    BusyError
        Another run is restoring, registering or recording for longer than the settings allow.
    """
    with ExitStack() as locks:
        if not dry_run:
            # Nobody may come to need a file, or read the whole folder, while it goes.
            for name in ("restore", "registry", "record"):
                locks.enter_context(workspace.lock(name))
        known = _remembered(workspace)
        loose = {_name(path): path for path in _loose(workspace)}
        since = {name: _since(known.get(name)) for name in loose}
        limit = datetime.now(UTC) - timedelta(days=workspace.settings.maintain.keep_days)
        due = {name: path for name, path in loose.items() if parse_time(since[name]) <= limit}
        recorded = recorded_files(workspace)[0] if due else {}
        going = {name: path for name, path in due.items() if _is_safe(path, recorded.get(f"data/{name}"))}
        size = sum(path.stat().st_size for path in going.values())
        removed = dict(Counter(path.parent.name for path in going.values()))
        if not dry_run:
            _remove(workspace, list(going.values()), removed, size)
            left = {name: at for name, at in since.items() if name not in going}
            if left != known:
                _remember(workspace, left)
    return Collected(removed, size, len(loose) - len(due), tuple(sorted(due.keys() - going.keys())))


def _loose(workspace: Workspace) -> Iterator[Path]:
    """Files of the collected folders that are not needed, and not from just now."""
    found: Needed | None = None
    for kind in COLLECTED:
        for path in sorted(workspace.folder(kind).glob("[!.]*")):
            if _is_young(path):
                continue
            # Looked up for the first file only: an empty workspace has no ledgers to ask.
            found = found or needed(workspace, workspace.settings.maintain.keep_releases)
            if not found.holds(kind, path):
                yield path


def _is_young(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < YOUNG
    except FileNotFoundError:
        return True


def _is_safe(path: Path, recorded: Recorded | None) -> bool:
    """Whether the file can be had again."""
    return recorded is not None and md5_of(path) == recorded.md5 and recorded.in_cache()


def _remove(workspace: Workspace, paths: list[Path], removed: dict[str, int], size: int) -> None:
    if not paths:
        return
    mark_unrecorded(workspace)
    for path in paths:
        path.unlink(missing_ok=True)
    release = head(workspace.root)
    note(workspace, "artefacts left data/", {"files": len(paths)}, kinds=removed, bytes=size, release=release)


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _memory(workspace: Workspace) -> Path:
    return workspace.private / "unneeded.json"


def _remembered(workspace: Workspace) -> dict[str, str]:
    """File -> since when it is known not to be needed."""
    try:
        said = json.loads(_memory(workspace).read_text(encoding="utf-8"))
        return {str(name): str(at) for name, at in said.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _since(known: str | None) -> str:
    """A time that is not ahead of the clock: one that is was written by a wrong clock, and counts from now on."""
    now = now_utc()
    try:
        return known if known is not None and parse_time(known) <= parse_time(now) else now
    except ValueError:
        return now


def _remember(workspace: Workspace, since: dict[str, str]) -> None:
    text = json.dumps(since, indent=0, sort_keys=True)
    write_whole(_memory(workspace), lambda part: part.write_text(text, encoding="utf-8"))
