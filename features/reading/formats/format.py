"""What a format is to the rest of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.reading.options import ReadOptions
    from features.reading.source import SourceFile
    from features.reading.table import Table

__all__ = ["Format"]


@dataclass(frozen=True)
class Format:
    """A file format that datasets come in.

    Parameters
    ----------
    name
        A word for messages and for ``origin["format"]``.
    suffixes
        The lower-case suffixes, with their dot, that promise this format.
    contents
        What :func:`features.reading.sniff.look_at` may find in such a file; anything else is refused.
    read
        Turns a file into a table. Raises UnreadableError when the content is broken.
    """

    name: str
    suffixes: tuple[str, ...]
    contents: frozenset[str]
    read: Callable[[SourceFile, ReadOptions], Table]
