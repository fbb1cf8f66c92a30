"""The pools that come with Springboard, and finding one by what was typed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from features.pools.layout import MANIFEST
from features.reading.wording import shown
from models.errors import UnknownReferenceError

__all__ = ["find_pool", "shipped_folder", "shipped_pools"]


@cache
def shipped_folder() -> Path:
    """Where the shipped pools lie in the installed package, one folder each."""
    return Path(str(files("features.pools"))) / "shipped"


def shipped_pools() -> dict[str, Path]:
    """Name -> folder of every pool that comes with Springboard."""
    found = sorted(shipped_folder().glob(f"*/{MANIFEST}"))
    return {path.parent.name: path.parent for path in found}


def find_pool(typed: str) -> Path:
    """The folder of a pool: a shipped one by its name, or any folder.

    Raises
    ------
    UnknownReferenceError
        It is neither.
    """
    shipped = shipped_pools()
    if typed in shipped:
        return shipped[typed]
    folder = Path(typed).expanduser()
    if typed.strip() and folder.is_dir():
        return folder
    known = f"shipped are {', '.join(shipped)}" if shipped else "none is shipped with this build"
    raise UnknownReferenceError(
        f"there is no pool {shown(typed, 200)} ({known}) and no folder of that name",
        consequence="nothing was added",
        next_step="springboard pool list, or give a folder that springboard pool export wrote",
    )
