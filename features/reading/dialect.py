"""Finding out how a delimited text is written: separators, quotes, and whether names stand on top."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

__all__ = ["Dialect", "Parsed", "find_dialect", "first_line_is_header", "records"]

_DELIMITERS = (",", "\t", ";", "|", "^", "~", "\x1f", "\x01")
_PREFERRED = {".tsv": "\t", ".tab": "\t", ".csv": ","}
_SAMPLE = 300_000
_LONGEST_FIELD = 2**26


@dataclass(frozen=True)
class Dialect:
    """How fields are separated (None: one field a line), and whether double quotes enclose fields."""

    delimiter: str | None
    quoted: bool


@dataclass(frozen=True)
class Parsed:
    """One record and the line it begins on, counted from 1."""

    line: int
    cells: list[str]


def records(text: str, dialect: Dialect, *, strict: bool = False) -> Iterator[Parsed | None]:
    """Split a text into records, blank ones left out; None stands for one that breaks the quoting rules.

    With `strict` a closing quote must be followed by a delimiter or the line's end, as RFC 4180 has it.
    """
    if dialect.delimiter is None:
        lines = text.split("\n") if "\n" in text else text.split("\r")
        for number, only in enumerate(lines, start=1):
            if only.strip():
                yield Parsed(number, [only.rstrip("\r")])
        return
    previous = csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
            strict=strict,
        )
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if cells and (len(cells) > 1 or cells[0].strip()):
                yield Parsed(line, cells)
    finally:
        csv.field_size_limit(previous)


def find_dialect(text: str, suffix: str, delimiter: str | None = None) -> Dialect:
    """Find the dialect under which the most records of `text` have the same number of fields.

    The delimiter is found on the beginning of the text, and whether quotes quote on all of it, because
    a single stray quote far down can swallow the lines up to the next one.
    """
    if delimiter is None:
        delimiter = _find_delimiter(_beginning(text), suffix)
    if delimiter is None or '"' not in text:
        return Dialect(delimiter, quoted=delimiter is not None)
    quoted, plain = Dialect(delimiter, quoted=True), Dialect(delimiter, quoted=False)
    if (cost_quoted := _cost(text, quoted)) == (0, 0):
        return quoted
    cost_plain = _cost(text, plain)
    if sum(cost_plain) != sum(cost_quoted):
        return quoted if sum(cost_quoted) < sum(cost_plain) else plain
    return plain if delimiter == "\t" else quoted


def _beginning(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    return text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]


def _find_delimiter(sample: str, suffix: str) -> str | None:
    """Find the delimiter with the largest share of records of one width, where that is most of them."""
    best: tuple[float, int, str] | None = None
    for candidate in _DELIMITERS:
        if candidate not in sample:
            continue
        for quoted in (True, False):
            width, share = _usual_width(sample, Dialect(candidate, quoted))
            if width < 2:
                continue
            preferred = candidate == _PREFERRED.get(suffix)
            # A comma that happens to stand once in most lines must not beat what the suffix promises.
            rank = (round(share * (1.0 if preferred else 0.93), 3), width, candidate)
            best = max(best, rank) if best else rank
    return best[2] if best and best[0] > 0.5 else None


def _usual_width(text: str, dialect: Dialect) -> tuple[int, float]:
    widths = Counter(len(record.cells) for record in records(text, dialect) if record)
    if not widths:
        return 0, 0.0
    width, count = widths.most_common(1)[0]
    return width, count / widths.total()


def _cost(text: str, dialect: Dialect) -> tuple[int, int]:
    """Count records of an unusual width, and signs that quotes mean something else than `dialect` says."""
    width, share = _usual_width(text, dialect)
    total = sum(1 for record in records(text, dialect) if record)
    unusual = round(total * (1 - share))
    if not dialect.quoted:
        # A cell that begins and ends with a quote was most likely quoted.
        enclosed = sum(
            1
            for record in records(text, dialect)
            if record and any(len(c) > 1 and c[0] == '"' == c[-1] for c in record.cells)
        )
        return unusual, enclosed // 20
    broken = sum(1 for record in records(text, dialect, strict=True) if record is None)
    return unusual, broken + _swallowing(text, dialect, width)


def _swallowing(text: str, dialect: Dialect, width: int) -> int:
    """Count whole records inside quoted cells: a stray quote swallows the lines up to the next."""
    swallowed = 0
    for record in records(text, dialect):
        for cell in record.cells if record else ():
            if dialect.delimiter and "\n" in cell and dialect.delimiter in cell:
                inner = cell.split("\n")[1:-1] or cell.split("\n")[1:]
                swallowed += sum(line.count(dialect.delimiter) == width - 1 for line in inner) == len(inner)
    return swallowed


_KNOWN_NAMES = re.compile(
    r"^\W*(id|idx|index|guid|text|sentence|sentences?[ _]?[12ab]?|label|labels|class|category|target|"
    r"tweet|tweets|"
    r"review|title|score|rating|comment|content|message|body|premise|hypothesis|question[12]?|answer|query|"
    r"text[ _]?[12ab]|sentiment|emotion|intent|date|author|user|username|url|source|split|gold[ _]label)\W*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?%?\s*$")


def first_line_is_header(rows: list[list[str]], wanted: Collection[str] = ()) -> bool:
    """Tell whether the first of some records holds names rather than data.

    Parameters
    ----------
    rows
        The first records, a few hundred.
    wanted
        Columns that the caller named: a first line that holds them is a header.
    """
    first = [cell.strip() for cell in rows[0]]
    below = [row for row in rows[1:] if [cell.strip() for cell in row] != first]
    if any(name.split(".")[0].strip() in first for name in wanted):
        return True
    if not below or any(len(cell) > 80 for cell in first):
        return not any(len(cell) > 80 for cell in first)
    named = [cell for cell in first if cell]
    if len(set(named)) < len(named):
        return False
    # pandas writes its column numbers as a header when there were no names.
    if named == [str(n) for n in range(len(named))] and len(named) >= 2:
        return True
    if any(_NUMBER.match(cell) or "://" in cell for cell in named):
        return False
    if any(_KNOWN_NAMES.match(cell) for cell in named):
        return True
    return not _repeats_below(first, below) and not _reads_like_data(first, below)


def _repeats_below(first: list[str], below: list[list[str]]) -> bool:
    """Whether a cell comes again in its column: it is a value there, not the column's name."""
    for index, cell in enumerate(first):
        same = sum(1 for row in below if index < len(row) and row[index].strip() == cell)
        if cell and same >= max(1, len(below) // 200):
            return True
    return False


def _reads_like_data(first: list[str], below: list[list[str]]) -> bool:
    """Long cells over columns of prose: a sentence, not a name."""
    return any(
        len(cell.split()) > 4
        and sum(len(row[i].split()) > 2 for row in below if i < len(row)) > len(below) // 2
        for i, cell in enumerate(first)
    )
