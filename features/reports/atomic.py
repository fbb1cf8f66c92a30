"""Writing a folder of pages so that a reader never meets half a page or a link to one not yet there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from features.reports.slugs import SLUG_FILE

__all__ = ["write_pages"]


def write_pages(out: Path, pages: Mapping[str, bytes], *, last: str, swept: str) -> None:
    """Write `pages` (path inside `out` -> content), each whole or not at all.

    All are first written into a temporary folder on the same disk and then renamed into place one by one,
    `last` (the page that links to the others) at the end. Then pages of ours in the sub-folder `swept` that
    are no longer among `pages` are removed; files that :data:`SLUG_FILE` does not match are never touched. If
    writing fails, what stood there before stands there still.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".writing-") as name:
        folder = Path(name)
        for path, content in pages.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for path in sorted(pages, key=lambda path: path == last):
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / path, out / path)  # noqa: PTH105 - says that it replaces
    for page in (out / swept).glob("*"):
        if SLUG_FILE.fullmatch(page.name) and f"{swept}/{page.name}" not in pages:
            page.unlink(missing_ok=True)
