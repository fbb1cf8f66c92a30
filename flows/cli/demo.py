"""``springboard demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where; a new temporary folder when not given.")
    ] = None,
) -> None:
    """The whole story on bundled real data: ingest, rank, report, then one more source."""
    from flows.demo.story import tell

    tell(folder)
