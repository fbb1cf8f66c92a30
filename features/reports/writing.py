"""Writing a folder of pages: only what is new, and never half a page or a link to one not yet there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.reports.slugs import SLUG_FILE

__all__ = ["MANIFEST", "Page", "Written", "write_pages"]

MANIFEST = ".pages.json"
"""Beside the first page: what every file was made from, so that the next run need not make it again."""

_LEFTOVER_SECONDS = 600.0


@dataclass(frozen=True)
class Page:
    """A page and the files beside it.

    Attributes
    ----------
    path
        Its place inside the site, without an ending: ``"targets/mails-0a1b2c"``.
    key
        A hash of everything that goes into it; the same key, the same bytes.
    make
        Gives the content of each file by its ending (``"html"``, ``"json"``, ``"parquet"``); only called where the
        key is another than last time.
    """

    path: str
    key: str
    make: Callable[[], Mapping[str, bytes]]


@dataclass(frozen=True)
class Written:
    """What writing a site came to: the first page, and how many files were written, left as they were, and removed."""

    page: Path
    written: int
    same: int
    removed: int


def write_pages(out: Path, pages: Iterable[Page], *, last: str, swept: Sequence[str]) -> Written:
    """Write what is new among `pages`, each file whole or not at all.

    All are first made into a temporary folder on the same disk and then renamed into place one by one, the page
    `last` (which links to the others) at the end. Then files of ours in the sub-folders `swept` that belong
    to no page any more are removed; files that :data:`SLUG_FILE` does not match are never touched. If making them
    fails, what stood there before stands there still. A file whose bytes are those on disk is not written.
    """
    out.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(out)
    known = _read_manifest(out)
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=out, prefix=".writing-") as name:
        folder, fresh = Path(name), dict[str, tuple[str, list[str]]]()
        for page in pages:
            if _is_whole(out, page, known.get(page.path)):
                kept[page.path] = known[page.path]
                continue
            fresh[page.path] = page.key, _make(folder, page)
        # A run that dies from here on leaves files that no line speaks for, and the next one makes them again.
        _write_manifest(out, kept)
        written = 0
        for path in sorted(fresh, key=lambda path: path == last):
            key, files = fresh[path]
            written += sum(_put(folder, out, file) for file in files)
            kept[path] = [key, {file: _stamp(out / file) for file in files}]
    removed = _sweep(out, swept, {file for _, files in kept.values() for file in files})
    _write_manifest(out, kept)
    every = sum(len(files) for _, files in kept.values())
    return Written(out / f"{last}.html", written, every - written, removed)


def _make(folder: Path, page: Page) -> list[str]:
    files = []
    for ending, content in page.make().items():
        file = f"{page.path}.{ending}"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
        files.append(file)
    return files


def _put(folder: Path, out: Path, file: str) -> bool:
    """Rename a file into place; False where the same bytes stand there already."""
    place = out / file
    with suppress(OSError):
        if place.read_bytes() == (folder / file).read_bytes():
            return False
    place.parent.mkdir(parents=True, exist_ok=True)
    os.replace(folder / file, place)  # noqa: PTH105 - says that it replaces
    return True


def _sweep(out: Path, swept: Sequence[str], kept: set[str]) -> int:
    gone = [
        page
        for folder in swept
        for page in (out / folder).glob("*")
        if SLUG_FILE.fullmatch(page.name) and f"{folder}/{page.name}" not in kept
    ]
    for page in gone:
        page.unlink(missing_ok=True)
    return len(gone)


def _stamp(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]


def _is_whole(out: Path, page: Page, known: Any) -> bool:
    """Whether the files of a page are those that were made from what it is made from now."""
    try:
        key, files = known
        return key == page.key and all(_stamp(out / file) == list(stamp) for file, stamp in files.items())
    except (OSError, TypeError, ValueError, AttributeError):
        return False


def _read_manifest(out: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _write_manifest(out: Path, kept: Mapping[str, Any]) -> None:
    text = json.dumps(kept)
    with suppress(OSError):
        if (out / MANIFEST).read_text(encoding="utf-8") == text:
            return
    part = out / f"{MANIFEST}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(out / MANIFEST)


def _remove_leftovers(out: Path) -> None:
    """Remove the folders of runs that were killed; a young one may be another run's that is still writing."""
    for folder in out.glob(".writing-*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
