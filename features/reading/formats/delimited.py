"""Delimited text: any delimiter, encoding, quoting and line end, with or without a header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from features.reading.dialect import Dialect, Parsed, find_dialect, first_line_is_header, records
from features.reading.encodings import decode
from features.reading.formats.format import Format
from features.reading.table import Table, Unparsed
from features.reading.wording import shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from features.reading.options import ReadOptions
    from features.reading.source import SourceFile

__all__ = ["DELIMITED"]

_LONE_RETURN = re.compile(r"\r(?!\n)")
_LOOK = 500
_BATCH = 50_000


def _read(file: SourceFile, options: ReadOptions) -> Table:
    decoded = decode(file.data, options.encoding, shown(file.path, 300))
    text, notes = _with_even_lines(decoded.text.lstrip("\ufeff"))
    if decoded.replaced:
        notes.append(f"{decoded.replaced} bytes that are not {decoded.encoding} became U+FFFD")
    dialect = find_dialect(text, file.suffix, options.delimiter)
    rows = [record for record in records(text, dialect) if record is not None]
    if not rows:
        raise UnreadableError(
            f"{shown(file.path, 300)} holds no rows",
            consequence="nothing was read",
            next_step="give a file that holds rows",
        )
    header = _has_header(rows, dialect, options)
    names, body, repeated = _split_header(rows, header=header)
    if repeated:
        notes.append(f"{repeated} repeated header lines were left out")
    unparsed = Unparsed()
    frame = _framed(names, body, unparsed)
    if unparsed.count > frame.height:
        raise UnreadableError(
            f"{shown(file.path, 300)} is not delimited by {shown(dialect.delimiter)}: {unparsed.count} of "
            f"{unparsed.count + frame.height} rows do not have its {len(names)} fields "
            f"({unparsed.examples[0]})",
            consequence="nothing was read",
            next_step="name the delimiter with `--delimiter`, or save the rows as parquet or JSON lines",
        )
    return Table(
        frame=frame,
        untyped=True,
        details={
            "format": "delimited",
            "delimiter": dialect.delimiter,
            "quoting": dialect.quoted,
            "encoding": decoded.encoding,
            "header": header,
        },
        unparsed=unparsed,
        notes=tuple(notes),
    )


def _with_even_lines(text: str) -> tuple[str, list[str]]:
    """Take out carriage returns that end no line: in a file of line feeds they would tear rows."""
    lone = len(_LONE_RETURN.findall(text))
    if not lone or text.count("\n") < lone // 10:
        return text, []
    return _LONE_RETURN.sub(" ", text), [f"{lone} stray carriage returns inside lines became spaces"]


def _has_header(rows: list[Parsed], dialect: Dialect, options: ReadOptions) -> bool:
    if options.header is not None:
        return options.header
    wanted = [*options.text, *([options.label] if options.label else [])]
    if dialect.delimiter is None:
        return rows[0].cells[0].strip().casefold() in ("text", "sentence", *wanted)
    return first_line_is_header([row.cells for row in rows[:_LOOK]], wanted)


def _split_header(rows: list[Parsed], *, header: bool) -> tuple[list[str], list[Parsed], int]:
    """Column names, the rows below, and how many times the header came again among them."""
    if not header:
        return _numbered([""] * _usual(rows)), rows, 0
    first, body = rows[0].cells, [row for row in rows[1:] if row.cells != rows[0].cells]
    if body and _usual(body) == len(first) + 1 and first[-1].strip():
        # R writes row names without a name over them.
        first = ["", *first]
    return _numbered([cell.strip() for cell in first]), body, len(rows) - 1 - len(body)


def _usual(rows: list[Parsed]) -> int:
    widths = [len(row.cells) for row in rows]
    return max(set(widths), key=widths.count)


def _numbered(names: list[str]) -> list[str]:
    """Give a name to columns without one, and number those that share one."""
    taken: dict[str, int] = {}
    result = []
    for index, name in enumerate(names, start=1):
        unique = name or f"column_{index}"
        while unique in taken:
            taken[unique] += 1
            unique = f"{unique}_{taken[unique]}"
        taken[unique] = 1
        result.append(unique)
    return result


def _framed(names: list[str], body: list[Parsed], unparsed: Unparsed) -> pl.DataFrame:
    frames = []
    for start in range(0, max(len(body), 1), _BATCH):
        fitting = []
        for record in body[start : start + _BATCH]:
            cells = _fitted(record.cells, len(names))
            if cells is None:
                what = f"{len(record.cells)} fields instead of {len(names)}"
                unparsed.add(f"line {record.line}", f"{what}: {' | '.join(record.cells)}")
            else:
                fitting.append(cells)
        columns = zip(*fitting, strict=True) if fitting else [()] * len(names)
        series = [pl.Series(n, values, dtype=pl.String) for n, values in zip(names, columns, strict=True)]
        frames.append(pl.DataFrame(series))
    return pl.concat(frames)


def _fitted(cells: list[str], width: int) -> list[str] | None:
    """Fit a row to the header's width; None where it cannot be told which cell belongs where."""
    if len(cells) == width:
        return cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    return None


DELIMITED = Format("delimited text", (".csv", ".tsv", ".tab", ".txt", ".psv"), frozenset({"text"}), _read)
