"""What killed runs left lying about, and pages and logs that have had their time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.gate.docs import SITE
from features.store.lock import writing
from features.store.swap import left_behind
from features.store.tables import local_folder

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Tidied", "tidy"]

_DAY = 24 * 3600.0

PART_SECONDS = _DAY
"""Age after which no run is still writing a temporary file."""

SCRATCH_SECONDS = 7 * _DAY
"""Age of intermediate results: they make a re-run quicker, and a source that fails may wait over a weekend."""

LOG_BYTES = 10_000_000
"""A log that is longer keeps its last tenth."""


@dataclass(frozen=True)
class Tidied:
    """How much was removed, or would be: temporary files, scratch files, halves of rebuilds, pages, logs cut; bytes."""

    parts: int = 0
    scratch: int = 0
    stores: int = 0
    pages: int = 0
    logs: int = 0
    bytes: int = 0


def tidy(workspace: Workspace, *, dry_run: bool = False) -> Tidied:
    """Remove what killed runs left, old pages of Data Docs, and the beginnings of long logs.

    Of every dataset's Data Docs the newest page stays.

    Raises
    ------
    BusyError
        Another run has been writing to LanceDB for longer than the settings allow.
    """
    kept = workspace.settings.maintain.keep_days * _DAY
    pages = _older(_pages(workspace), kept) + _older(workspace.private.glob("timeouts/*.txt"), kept)
    parts = _older(_parts(workspace), PART_SECONDS)
    scratch = _older(workspace.scratch.glob("*"), SCRATCH_SECONDS)
    folder = local_folder(workspace.store_uri)
    stores = left_behind(folder) if folder is not None else []
    logs = [path for path in workspace.private.glob("*.log") if path.stat().st_size > LOG_BYTES]
    size = sum(_size(path) for path in [*pages, *parts, *scratch, *stores])
    size += sum(_size(path) - LOG_BYTES // 10 for path in logs)
    if not dry_run:
        for path in [*pages, *parts, *scratch]:
            path.unlink(missing_ok=True)
        if stores:
            # Under the writer's lock no rebuild is going on, whose own these would be.
            with writing(workspace.private / "locks", workspace.settings.run.lock_timeout_seconds):
                for path in stores:
                    shutil.rmtree(path, ignore_errors=True)
        for path in logs:
            _cut(path)
    return Tidied(len(parts), len(scratch), len(stores), len(pages), len(logs), size)


def _parts(workspace: Workspace) -> Iterator[Path]:
    yield from workspace.root.glob(".*.part")
    for folder in (workspace.data, workspace.ledgers, workspace.private):
        yield from folder.glob(".*.part")
    yield from workspace.data.glob("*/.*.part")
    yield from workspace.scratch.glob(".*.part")
    for ending in ("part", "tmp"):
        yield from workspace.reports.rglob(f".*.{ending}")


def _pages(workspace: Workspace) -> Iterator[Path]:
    for folder in (workspace.reports / SITE).glob("*/"):
        yield from sorted(folder.glob("*.html"))[:-1]


def _older(paths: Iterator[Path], seconds: float) -> list[Path]:
    now, found = time.time(), []
    for path in paths:
        try:
            if path.is_file() and now - path.stat().st_mtime >= seconds:
                found.append(path)
        except FileNotFoundError:
            continue  # Its writer has finished in the meantime.
    return found


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(_size(inner) for inner in path.iterdir())
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _cut(path: Path) -> None:
    """Keep a log's end. Its writer has it open and appends, so that the file itself must stay."""
    with path.open("r+b") as file:
        file.seek(-(LOG_BYTES // 10), os.SEEK_END)
        file.readline()
        end = file.read()
        file.seek(0)
        file.write(end)
        file.truncate()
