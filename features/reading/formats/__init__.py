"""The file formats, one file each, found by suffix and checked against the content."""

from __future__ import annotations

from features.reading.formats.delimited import DELIMITED
from features.reading.formats.format import Format
from features.reading.formats.jsonlines import JSON_LINES
from features.reading.formats.parquet import PARQUET
from features.reading.formats.registry import FORMATS, read_file, register

__all__ = ["FORMATS", "Format", "read_file", "register"]

for _format in (PARQUET, DELIMITED, JSON_LINES):
    register(_format)
