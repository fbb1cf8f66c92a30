"""Reading a table of results or predictions, with errors that name the file, the column and the row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.wording import joined
from models.errors import UnknownReferenceError, UnreadableError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Table", "read_table"]

NOTHING = "nothing was evaluated"


@dataclass(frozen=True)
class Table:
    """A table as it stands in a file.

    Attributes
    ----------
    path, option
        Where it comes from and what one types to name another: for messages.
    frame
        Its rows; of a CSV all as text.
    cut
        Whether its last line was half written and left out.
    unended
        Whether its last line has all fields and no end, so that its last number may be half written.
    """

    path: Path
    option: str
    frame: pl.DataFrame
    cut: bool = False
    unended: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the file."""
        if self.cut:
            return (f"the last line of '{self.path.name}' is half written and was left out",)
        if self.unended:
            return (f"the last line of '{self.path.name}' has no end, and was taken as it is",)
        return ()

    def has(self, column: str) -> bool:
        """Whether there is such a column."""
        return column in self.frame.columns

    def require(self, columns: Sequence[str]) -> None:
        """Refuse a table without rows, or without one of these columns.

        Raises
        ------
        UnreadableError
            Says which are missing and which are there.
        """
        missing = [name for name in columns if not self.has(name)]
        if missing:
            raise self.refuse(
                f"has no column {joined(missing)} (it has {joined(self.frame.columns, 12)})",
                f"a table with the columns {', '.join(columns)} for {self.option}",
            )
        if not len(self.frame):
            raise self.refuse("has no rows", f"a table with at least one row for {self.option}")

    def names(self, column: str) -> list[str]:
        """Return a column of names; an empty one is refused."""
        values = self.texts(column)
        for row, value in enumerate(values, 1):
            if not value:
                raise self.refuse(
                    f"has no {column} in row {row:,}", f"fill in the {column} or remove the row"
                )
        return values

    def texts(self, column: str) -> list[str]:
        """Return a column as text without blanks at its ends; empty where a cell is empty."""
        return [(value or "").strip() for value in self._plain(column).cast(str).to_list()]

    def numbers(self, column: str, *, may_lack: bool = False) -> list[float | None]:
        """Return a column of finite numbers; None stands for an empty cell, where it may be empty."""
        import polars as pl

        given = self._plain(column)
        if given.dtype == pl.String:
            stripped = given.str.strip_chars()
            given = stripped.set(stripped == "", None)
        cast = given.cast(pl.Float64, strict=False)
        bad = given.is_not_null() & (cast.is_null() | ~cast.is_finite())
        if not may_lack:
            bad = bad | given.is_null()
        for row in bad.fill_null(True).arg_true().to_list():
            value = "nothing" if given[row] is None else repr(str(given[row])[:40])
            hint = "or leave the cell empty" if may_lack else "or remove the row"
            raise self.refuse(
                f"has {value} for {column} in row {row + 1:,}, where a number is due", f"correct it {hint}"
            )
        return cast.to_list()

    def whole_numbers(self, column: str) -> list[int]:
        """Return a column of whole numbers of 64 bits; 3.0 is one."""
        import polars as pl

        given = self._plain(column)
        if given.dtype == pl.String:
            # Not by way of floats, which know no two neighbours beyond 2 ** 53.
            given = given.str.strip_chars().str.strip_suffix(".0")
        cast = given.cast(pl.Int64, strict=False)
        bad = cast.is_null()
        if given.dtype.is_float():
            bad = bad | (cast.cast(pl.Float64) != given)
        for row in bad.fill_null(True).arg_true().to_list():
            value = "nothing" if given[row] is None else repr(str(given[row])[:40])
            raise self.refuse(
                f"has {value} for {column} in row {row + 1:,}, where a whole number is due",
                "give each run a whole number",
            )
        return cast.to_list()

    def _plain(self, column: str) -> pl.Series:
        """Return a column of single values; one of lists, records or bytes is refused."""
        import polars as pl

        found = self.frame[column]
        if found.dtype.is_nested() or found.dtype in (pl.Binary, pl.Object):
            raise self.refuse(
                f"has {str(found.dtype)[:40]} in column {column}, where single values are due",
                f"write {column} as text or numbers",
            )
        return found

    def refuse(self, what: str, next_step: str) -> UnreadableError:
        """The error that says what is wrong with this table."""
        return UnreadableError(f"'{self.path}' {what}", consequence=NOTHING, next_step=next_step)


def read_table(path: Path, *, option: str) -> Table:
    """Read a CSV or Parquet file.

    Parameters
    ----------
    path
        The file; its ending says which it is.
    option
        What one types to name another.

    Raises
    ------
    UnknownReferenceError
        There is no such file.
    UnreadableError
        It is of another kind, empty or broken.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UnknownReferenceError(
            f"'{path}' {what}", consequence=NOTHING, next_step=f"name a .csv or .parquet file with {option}"
        )
    import polars as pl

    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise UnreadableError(
            f"'{path}' is neither a .csv nor a .parquet file",
            consequence=NOTHING,
            next_step=f"name a .csv or .parquet file with {option}",
        )
    content = path.read_bytes()
    cut = unended = False
    if ending == ".csv":
        content, cut = _whole_lines(content)
        unended = not cut and content[-1:] not in (b"\n", b"\r")
    try:
        frame = (
            pl.read_csv(io.BytesIO(content), infer_schema=False)
            if ending == ".csv"
            else pl.read_parquet(io.BytesIO(content))
        )
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame()
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as problem:
        raise UnreadableError(
            f"'{path}' cannot be read as {ending[1:]}: {str(problem).splitlines()[0][:200]}",
            consequence=NOTHING,
            next_step=f"correct the file or name another with {option}",
        ) from problem
    if not frame.columns:
        raise UnreadableError(
            f"'{path}' is empty", consequence=NOTHING, next_step=f"name another with {option}"
        )
    # polars renames the second of two columns with one name.
    twice = [name for name in frame.columns if f"{name}_duplicated_0" in frame.columns]
    if ending == ".csv" and twice:
        raise UnreadableError(
            f"'{path}' has two columns called {twice[0]!r}",
            consequence=NOTHING,
            next_step="rename or remove one of them",
        )
    # Spreadsheets and editors like to end a file with empty lines.
    filled = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series().arg_true()
    frame = frame.head(filled[-1] + 1 if len(filled) else 0) if ending == ".csv" else frame
    return Table(path, option, frame, cut, unended)


def _whole_lines(content: bytes) -> tuple[bytes, bool]:
    """Drop a last line that has fewer fields than the first: a computation is just appending to the file."""
    if content.endswith(b"\n") or b"\n" not in content:
        return content, False
    head, _, last = content.rpartition(b"\n")
    if head.count(b'"') % 2:  # The line's end is inside of a quoted field (where a quote is written as two).
        return content, False
    widths = [_fields(line) for line in (content.partition(b"\n")[0], last)]
    return (head + b"\n", True) if widths[1] < widths[0] else (content, False)


def _fields(line: bytes) -> int:
    return len(next(csv.reader([line.decode("utf-8", "replace")]), []))
