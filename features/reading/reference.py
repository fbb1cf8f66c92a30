"""What a reference means: a file, a folder or a dataset on the hub."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from features.reading.source import COMPRESSIONS, suffix_of
from features.reading.wording import shown
from models.errors import UnknownReferenceError

__all__ = ["hub_id_of", "local_path_of"]

_HUB_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?$")
_HUB_PREFIX = re.compile(r"^(hf://datasets/|https?://(www\.)?(huggingface\.co|hf\.co)/datasets/)")


def hub_id_of(ref: str) -> str | None:
    """Return the hub id that a reference spells, or None where it can be none."""
    bare = _HUB_PREFIX.sub("", ref).rstrip("/")
    return bare if _HUB_ID.match(bare) and ".." not in bare else None


def local_path_of(ref: str) -> Path | None:
    """Return the file or folder that a reference means, or None when it can only be on the hub.

    Raises
    ------
    UnknownReferenceError
        It is written like a path, and nothing is there; or it is neither path nor hub id.
    """
    if _HUB_PREFIX.match(ref):
        return None
    if not ref.strip() or "\x00" in ref:
        raise UnknownReferenceError(
            f"{shown(ref)} is no reference to a dataset",
            consequence="nothing was read",
            next_step="give a file, a folder or a hub id such as org/name",
        )
    path = Path(ref).expanduser()
    try:
        if path.exists():
            return path.resolve()
    except OSError:
        pass  # too long a name for a path; what it is shows below
    if _written_like_a_path(ref, path) or hub_id_of(ref) is None:
        raise UnknownReferenceError(
            f"There is no file or folder {shown(ref, 300)}",
            consequence="nothing was read",
            next_step=_nearby(path) or "check the path and run the command again",
        )
    return None


def _written_like_a_path(ref: str, path: Path) -> bool:
    from features.reading.formats import FORMATS

    return (
        ref.startswith((".", "~", "/"))
        or "\\" in ref
        or suffix_of(path) in FORMATS
        or path.suffix.lower()
        in {*COMPRESSIONS, ".xml", ".xlsx", ".xls", ".zip", ".pkl", ".pickle", ".arrow"}
    )


def _nearby(path: Path) -> str:
    """Name the entry of the same folder whose name is closest."""
    try:
        names = [entry.name for entry in path.absolute().parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"did you mean {shown(str(path.parent / near[0]), 300)}?" if near else ""
