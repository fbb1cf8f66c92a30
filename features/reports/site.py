"""The report: a small static site that needs no script, no network and no server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["write_report"]


def write_report(
    out: Path,
    rankings: Sequence[Mapping[str, Any]],
    *,
    sources: Sequence[Mapping[str, Any]] = (),
    quarantine: Sequence[Mapping[str, Any]] = (),
    data_docs: Path | None = None,
    now: datetime | None = None,
) -> Path:
    """Write the site into `out` and return the path of its first page."""
    raise NotImplementedError
