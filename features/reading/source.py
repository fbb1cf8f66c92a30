"""A file of a dataset, read once: bytes, size, hash, and unpacked where it was compressed."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from features.reading.sniff import look_at
from features.reading.wording import shown
from models.errors import UnknownReferenceError, UnreadableError

__all__ = ["COMPRESSIONS", "SourceFile", "open_file", "suffix_of"]

COMPRESSIONS: dict[str, str] = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
"""Suffixes of compressed files, and what their content must be."""

_MOST_BYTES = 8 * 2**30
_CHUNK = 2**24


@dataclass(frozen=True)
class SourceFile:
    """One file, read into memory.

    Parameters
    ----------
    path
        Where it was read from, absolute.
    data
        Its content, unpacked.
    size, sha256
        Of the file as it lies on disk, that is before unpacking.
    """

    path: Path
    data: bytes
    size: int
    sha256: str

    @property
    def suffix(self) -> str:
        """The suffix that names the format: ``.csv`` for both ``a.csv`` and ``a.csv.gz``."""
        return suffix_of(self.path)


def suffix_of(path: Path) -> str:
    """Return the lower-case suffix of a path, that of a compression left aside."""
    if path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return path.suffix.lower()


def open_file(path: Path) -> SourceFile:
    """Read a file whole, and unpack it where its name says that it is compressed.

    Raises
    ------
    UnknownReferenceError
        No such file.
    UnreadableError
        Not a plain file, not readable, or a broken archive.
    """
    path = path.absolute()
    try:
        if not path.is_file():
            if path.exists():
                raise _unreadable(path, "it is no plain file")
            raise UnknownReferenceError(
                f"No such file: {shown(path, 300)}",
                consequence="nothing was read",
                next_step="check the path and run the command again",
            )
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    digest = hashlib.sha256(raw).hexdigest()
    return SourceFile(path=path, data=_unpacked(path, raw), size=len(raw), sha256=digest)


def _unreadable(path: Path, why: str) -> UnreadableError:
    return UnreadableError(
        f"Cannot read {shown(path, 300)}: {why}",
        consequence="nothing was read",
        next_step="put a readable file in its place and run the command again",
    )


def _unpacked(path: Path, raw: bytes) -> bytes:
    compression = COMPRESSIONS.get(path.suffix.lower())
    if compression is None:
        return raw
    if not raw:
        raise _unreadable(path, "it is empty")
    if look_at(raw) != compression:
        raise _unreadable(path, f"its name says {compression}, its content does not")
    try:
        return _read_limited(path, raw, compression)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise _unreadable(path, f"the {compression} archive is broken or cut short") from error


def _read_limited(path: Path, raw: bytes, compression: str) -> bytes:
    """Unpack in pieces, so that a small file which unpacks to terabytes is stopped on the way."""
    pieces: list[bytes] = []
    total = 0
    with _unpacking(raw, compression) as stream:
        while piece := stream.read(_CHUNK):
            total += len(piece)
            if total > _MOST_BYTES:
                raise _unreadable(path, f"it unpacks to more than {_MOST_BYTES // 2**30} GiB")
            pieces.append(piece)
    return b"".join(pieces)


def _unpacking(raw: bytes, compression: str) -> BinaryIO:
    packed = io.BytesIO(raw)
    if compression == "zstd":
        import pyarrow as pa

        stream: BinaryIO = pa.CompressedInputStream(packed, "zstd")
        return stream
    if compression == "gzip":
        return cast("BinaryIO", gzip.open(packed, "rb"))
    return cast("BinaryIO", bz2.open(packed, "rb") if compression == "bzip2" else lzma.open(packed, "rb"))
