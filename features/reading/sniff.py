"""What a file really is, from its first bytes, whatever its name says."""

from __future__ import annotations

import codecs
import json

__all__ = ["CONTENT_WORDS", "look_at"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF", "hdf5"),
    (b"\x93NUMPY", "numpy"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"{\\rtf", "rtf"),
    (b"version https://git-lfs.github.com", "lfs"),
)

CONTENT_WORDS: dict[str, str] = {
    "7z": "a 7z archive",
    "arrow": "an Arrow file",
    "binary": "binary data",
    "bzip2": "a bzip2 archive",
    "empty": "an empty file",
    "gif": "a GIF picture",
    "gzip": "a gzip archive",
    "hdf5": "an HDF5 file",
    "html": "a web page (HTML)",
    "jpeg": "a JPEG picture",
    "json": "JSON",
    "lfs": "a Git LFS pointer whose file was never fetched (`git lfs pull` fetches it)",
    "numpy": "a NumPy array",
    "ole": "an old Excel or Word file",
    "parquet": "a parquet file",
    "pdf": "a PDF document",
    "pickle": "a Python pickle, which is never opened because opening one runs code",
    "png": "a PNG picture",
    "rar": "a RAR archive",
    "rtf": "an RTF document",
    "sqlite": "an SQLite database",
    "text": "plain or delimited text",
    "xlsx": "an Excel workbook",
    "xml": "XML",
    "xz": "an xz archive",
    "zip": "a zip archive",
    "zstd": "a zstd archive",
}
"""Each content :func:`look_at` can tell, in words for a message."""

_HEAD = 65_536


def look_at(data: bytes) -> str:
    """Tell what `data` is: one of the keys of :data:`CONTENT_WORDS`."""
    head = data[:_HEAD]
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return "binary" if b"\x00" in head else "empty"
    for magic, content in _MAGIC:
        if head.startswith(magic):
            return _kind_of_zip(data) if content == "zip" else content
    if _is_pickle(data):
        return "pickle"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _kind_of_text(head.decode("utf-16", "ignore"))
    if b"\x00" in head:
        encoding = utf16_without_mark(head)
        return _kind_of_text(head.decode(encoding, "ignore")) if encoding else "binary"
    if sum(head.count(bytes([c])) for c in range(9)) > len(head) // 100:
        return "binary"
    return _kind_of_text(head.decode("utf-8-sig", "replace"))


def utf16_without_mark(head: bytes) -> str | None:
    """Tell UTF-16 from its zero bytes: in mostly Latin text every other byte is one."""
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > pairs // 2 and even < pairs // 50:
        return "utf-16-le"
    if even > pairs // 2 and odd < pairs // 50:
        return "utf-16-be"
    return None


def _is_pickle(data: bytes) -> bool:
    """Protocol 2 and later open with PROTO and close with STOP."""
    return len(data) > 3 and data[0] == 0x80 and data[1] in (2, 3, 4, 5) and data.rstrip(b"\n").endswith(b".")


def _kind_of_zip(data: bytes) -> str:
    return "xlsx" if b"xl/workbook" in data or b"[Content_Types].xml" in data[:4096] else "zip"


def _kind_of_text(text: str) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    opening = start[:200].casefold()
    if opening.startswith(("<!doctype html", "<html", "<head")):
        return "html"
    if opening.startswith(("<?xml", "<!doctype")):
        return "html" if "<html" in start[:2000].casefold() else "xml"
    return "json" if _opens_like_json(start) else "text"


def _opens_like_json(start: str) -> bool:
    """Whether the first line is an object, or a bracket opens a list or an object with quoted keys."""
    first_line = start.split("\n", 1)[0].strip()
    if first_line.startswith("{") and first_line.endswith("}"):
        try:
            json.loads(first_line)
        except (ValueError, RecursionError):
            return False
        return True
    squeezed = "".join(start[:400].split())
    return squeezed.startswith(('{"', "[{", "[[", "{}")) or squeezed in ("[", "[]")
