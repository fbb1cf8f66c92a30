"""Which code is at work: its version, and a hash of the parts that shape a result."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models.errors import RecordError

__all__ = ["code_hash", "code_version"]

_ROOT = Path(__file__).resolve().parents[2]


@cache
def code_version() -> str:
    """Springboard's version, with the git commit (12 hex digits) where it runs from a checkout."""
    try:
        number = version("springboard")
    except PackageNotFoundError:
        number = "unknown"
    # Only a checkout of its own: installed code may lie in somebody else's repository.
    if not (_ROOT / ".git").exists():
        return number
    from features.record.git import head  # Which itself writes cards.

    try:
        commit = head(_ROOT)
    except RecordError:  # Without git the version has to do.
        return number
    return f"{number}+{commit[:12]}" if commit else number


@cache
def code_hash(*parts: str) -> str:
    """A hash of the Python files and templates under these folders of the code.

    What is kept until the code changes goes by this and not by :func:`code_version`: where a workspace lies in
    the checkout, every release is a commit, and none of them changes the code.

    Parameters
    ----------
    parts
        Folders or files relative to the code's root, as ``features/gate``.

    Returns
    -------
    str
        64 hex digits.

    Raises
    ------
    FileNotFoundError
        There is no such part.
    """
    content = hashlib.sha256()
    for part in parts:
        place = _ROOT / part
        if not place.exists():
            raise FileNotFoundError(place)
        files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if _counts(path))
        for path in files:
            content.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode())
            content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def _counts(path: Path) -> bool:
    return path.is_file() and path.parent.name != "__pycache__"
