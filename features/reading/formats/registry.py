"""Finding the format of a file, and refusing a file that is not what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.reading.sniff import CONTENT_WORDS, look_at
from features.reading.wording import shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from features.reading.formats.format import Format
    from features.reading.options import ReadOptions
    from features.reading.source import SourceFile
    from features.reading.table import Table

__all__ = ["FORMATS", "read_file", "register"]

FORMATS: dict[str, Format] = {}
"""Every known suffix and the format it promises."""


def register(format_: Format) -> None:
    """Make a format known under its suffixes."""
    for suffix in format_.suffixes:
        if FORMATS.get(suffix, format_) is not format_:
            raise ValueError(f"the suffix {suffix} belongs to the format {FORMATS[suffix].name}")
        FORMATS[suffix] = format_


def read_file(file: SourceFile, options: ReadOptions) -> Table:
    """Read a file in the format that its suffix promises, or its content shows where the suffix says nothing.

    Raises
    ------
    UnreadableError
        The content is not what the suffix promises, is broken, or is in no known format.
    """
    content = look_at(file.data)
    format_ = FORMATS.get(file.suffix) or next((f for f in FORMATS.values() if content in f.contents), None)
    if content == "empty":
        raise UnreadableError(
            f"{shown(file.path, 300)} is empty",
            consequence="nothing was read",
            next_step="give a file that holds rows",
        )
    if format_ is None or content not in format_.contents:
        raise UnreadableError(
            f"{shown(file.path, 300)} is {_promise(format_)} by its name, "
            f"but its content is {CONTENT_WORDS[content]}",
            consequence="nothing was read",
            next_step=_advice(content),
        )
    return format_.read(file, options)


def _promise(format_: Format | None) -> str:
    return "no known format" if format_ is None else format_.name


def _advice(content: str) -> str:
    for format_ in FORMATS.values():
        if content in format_.contents:
            return f"rename the file to end in {format_.suffixes[0]}"
    if content == "lfs":
        return "run `git lfs pull` where the file came from"
    if content in COMPRESSED_SUFFIX:
        return f"name it with its compression last, as in data.csv{COMPRESSED_SUFFIX[content]}"
    return f"save the rows as one of {', '.join(FORMATS)}"


COMPRESSED_SUFFIX = {"gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2", "xz": ".xz"}
