"""What an entry on disk holds: cheaply by size and times, surely by a hash, and whether somebody still writes it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from features.artefacts.keys import content_hash
from features.inbox.items import SIDECAR, is_part
from features.reading.wording import shown

__all__ = ["Shape", "content_of", "shape_of", "sidecar_of"]

_CHUNK = 2**20


@dataclass(frozen=True)
class Shape:
    """An entry by what the file system says of it, without reading it.

    Attributes
    ----------
    sizes
        A hash over names, sizes, times and inodes: another one, and the content may be another.
    newest
        When anything of it was last written or renamed, in seconds since 1970 by the file system's clock.
    files
        What is read of it, and its sidecar.
    fault
        Why it is refused without being read; empty where it is not.
    waits
        What it is waited for; empty where it only has to settle.
    """

    sizes: str
    newest: float
    files: tuple[Path, ...]
    fault: str = ""
    waits: str = ""


def sidecar_of(path: Path) -> Path | None:
    """The file beside an entry that says how to read it: ``x.csv.springboard.yaml`` or ``x.springboard.yaml``."""
    names = dict.fromkeys((path.name, path.name.split(".", 1)[0] or path.name))
    sidecars = (path.with_name(f"{name}{SIDECAR}") for name in names)
    return next((sidecar for sidecar in sidecars if sidecar.is_file()), None)


def shape_of(path: Path, inbox: Path | None = None) -> Shape:
    """Look at a file or folder.

    Parameters
    ----------
    path
        The entry.
    inbox
        The inbox folder, out of which no link may lead; None where the place was named by somebody.

    Raises
    ------
    FileNotFoundError
        It is gone.
    """
    said = path.lstat() if inbox else path.stat()
    is_folder = path.is_dir()
    inside = sorted(_inside(path)) if is_folder else []
    files = [path] if not is_folder else [file for file in inside if not is_part(file.name)]
    sidecar = sidecar_of(path) if inbox else None
    looked_at = [*files, *([sidecar] if sidecar else [])]
    states = [(path.name, said), *((file.name, file.lstat()) for file in [*inside, *looked_at])]
    # What a link leads to changes without the link.
    states += [(file.name, file.stat()) for file in looked_at if file.is_symlink() and file.exists()]
    sizes = [[name, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_mode] for name, s in states]
    return Shape(
        content_hash([[_named(str(name)), *numbers] for name, *numbers in sizes]),
        max(max(s.st_mtime, s.st_ctime) for _, s in states),
        tuple(looked_at),
        _fault(path, files, inbox),
        _waits(inside, is_folder),
    )


def _named(name: str) -> str:
    # A name may hold bytes that are no text.
    return name.encode("utf-8", "surrogateescape").hex() if not name.isascii() else name


def _inside(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _waits(inside: list[Path], is_folder: bool) -> str:
    if is_folder and not inside:
        return "the folder is empty"
    part = next((file.name for file in inside if is_part(file.name)), None)
    return f"{shown(part)} in it is still being written" if part else ""


def _fault(path: Path, files: list[Path], inbox: Path | None) -> str:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return "its name holds bytes that are no text; give it another name"
    home = inbox.resolve() if inbox else None
    for file in dict.fromkeys([path, *files]):
        if home is not None and not _stays(file, home):
            return f"{shown(file.name)} is a link that leads out of the inbox or nowhere; put the file itself there"
        mode = file.stat().st_mode
        if not (stat.S_ISREG(mode) or (file == path and stat.S_ISDIR(mode))):
            return f"{shown(file.name)} is no plain file"
    return ""


def _stays(file: Path, home: Path) -> bool:
    try:
        return file.resolve(strict=True).is_relative_to(home)
    except (OSError, RuntimeError):  # nowhere, or in a circle
        return False


def content_of(shape: Shape) -> tuple[str, dict[str, str]]:
    """Hash what an entry holds.

    Returns
    -------
    str, dict
        A hash over all files by name, and the SHA-256 of each by its resolved path.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    digests = {file: _sha256(file) for file in shape.files}
    named = sorted((_named(file.name), digest) for file, digest in digests.items())
    return content_hash(named), {str(file.resolve()): digest for file, digest in digests.items()}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
