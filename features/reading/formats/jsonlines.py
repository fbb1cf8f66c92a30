"""JSON lines, and JSON files that hold a list of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from features.reading.columns import series_of
from features.reading.encodings import decode
from features.reading.formats.format import Format
from features.reading.table import Table, Unparsed
from features.reading.wording import shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from features.reading.options import ReadOptions
    from features.reading.source import SourceFile

__all__ = ["JSON_LINES"]

_DEEPEST = 8


def _read(file: SourceFile, options: ReadOptions) -> Table:
    decoded = decode(file.data, options.encoding, shown(file.path, 300))
    unparsed = Unparsed()
    records = _whole(decoded.text.lstrip("\ufeff")) if file.suffix != ".jsonl" else None
    if records is None:
        records = _lines(decoded.text.lstrip("\ufeff"), unparsed)
    if not records or unparsed.count > len(records):
        example = f" ({unparsed.examples[0]})" if unparsed.examples else ""
        raise UnreadableError(
            f"{shown(file.path, 300)} holds no rows that can be read: "
            f"{unparsed.count} lines are no JSON objects{example}",
            consequence="nothing was read",
            next_step="give a file with one JSON object on each line, or one list of objects",
        )
    frame, nested = _columns(records)
    notes = (f"{decoded.replaced} bytes that are not {decoded.encoding} became U+FFFD",) * bool(
        decoded.replaced
    )
    return Table(
        frame=frame,
        nested=nested,
        details={"format": "json", "encoding": decoded.encoding},
        unparsed=unparsed,
        notes=notes,
    )


def _whole(text: str) -> list[dict[str, Any]] | None:
    """Return the rows of a text that is one JSON value; None when it is not one, or not rows."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _rows_in(value)


def _rows_in(value: Any) -> list[dict[str, Any]] | None:
    """Find rows in a value: a list of objects, columns as lists, or an object around one list of objects."""
    if isinstance(value, list):
        return value if value and all(isinstance(item, dict) for item in value) else None
    if not isinstance(value, dict) or not value:
        return None
    inner = [rows for item in value.values() if isinstance(item, list) and (rows := _rows_in(item))]
    if len(inner) == 1:
        return inner[0]
    lists = [item for item in value.values() if isinstance(item, list)]
    if len(lists) == len(value) >= 2 and len({len(item) for item in lists}) == 1 and not inner:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*lists, strict=True)]
    return None


def _lines(text: str, unparsed: Unparsed) -> list[dict[str, Any]]:
    """One object a line; what is none is counted, blank lines are not."""
    records: list[dict[str, Any]] = []
    # Only the line feed ends a line: U+2028 and its like may stand inside JSON strings.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            unparsed.add(f"line {number}", line)
    return records


def _columns(records: list[dict[str, Any]]) -> tuple[pl.DataFrame, frozenset[str]]:
    """Objects inside a row become dotted columns; lists stay, as JSON text."""
    columns: dict[str, list[Any]] = {}
    for number, record in enumerate(records):
        for name, value in _flat(record, "", 0):
            column = columns.setdefault(name, [])
            column.extend([None] * (number - len(column)))
            # A key that is written twice in different ways ("a.b" and a: {b}) keeps its first value.
            if len(column) == number:
                column.append(value)
    nested = set()
    for name, column in columns.items():
        column.extend([None] * (len(records) - len(column)))
        if any(isinstance(value, list | dict) for value in column):
            nested.add(name)
            columns[name] = [None if v is None else json.dumps(v, ensure_ascii=True) for v in column]
    return pl.DataFrame([series_of(name, values) for name, values in columns.items()]), frozenset(nested)


def _flat(record: dict[str, Any], prefix: str, depth: int) -> list[tuple[str, Any]]:
    cells: list[tuple[str, Any]] = []
    for key, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            cells += _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            cells.append((f"{prefix}{key}", value))
    return cells


JSON_LINES = Format("JSON lines", (".jsonl", ".ndjson", ".json"), frozenset({"json"}), _read)
