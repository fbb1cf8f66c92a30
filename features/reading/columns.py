"""Columns: made plain, and reached by dotted paths into nested values."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from features.reading.wording import did_you_mean, listed, shown
from models.errors import MappingError

if TYPE_CHECKING:
    from features.reading.table import Table, Unparsed

__all__ = ["ColumnPath", "find_path", "item_columns", "plain_columns", "take"]

_ITEM = "*"


@dataclass(frozen=True)
class ColumnPath:
    """A column, and the way from one of its cells to the value: ``evidences`` and ``("*", "evidence")``."""

    column: str
    steps: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        """Whether a cell holds several values, each of which makes a row."""
        return _ITEM in self.steps


def plain_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Spread structs into dotted columns, make categories and dates strings, leave bytes out."""
    frame = _spread_structs(frame)
    keep: list[pl.Series] = []
    for series in frame.get_columns():
        dtype = series.dtype
        if isinstance(dtype, pl.Duration):
            # The one kind of time that polars does not cast to text.
            keep.append(series.dt.to_string("polars"))
        elif isinstance(dtype, pl.Categorical | pl.Enum) or dtype.is_temporal():
            keep.append(series.cast(pl.String))
        elif isinstance(dtype, pl.Decimal):
            keep.append(series.cast(pl.Float64))
        elif not isinstance(dtype, pl.Binary | pl.Object):
            keep.append(series)
    return pl.DataFrame(keep)


def _spread_structs(frame: pl.DataFrame) -> pl.DataFrame:
    while structs := [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Struct)]:
        for name in structs:
            # A list of fields keeps a struct that has none from staying for ever.
            fields = frame[name].struct.unnest()
            fields = fields.rename({field: f"{name}.{field}" for field in fields.columns})
            clash = [field for field in fields.columns if field in frame.columns]
            frame = frame.drop(name).hstack(fields.drop(clash))
    return frame


def find_path(table: Table, name: str, option: str) -> ColumnPath:
    """Find the column that `name` means: by its exact name first, as a dotted path otherwise.

    A path that ends at a list without saying which item means every item.

    Raises
    ------
    MappingError
        There is no such column; the message names the nearest and lists all.
    """
    names = table.frame.columns
    if name in names:
        return ColumnPath(name, (_ITEM,) if _holds_lists(table.frame[name], table) else ())
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        column = ".".join(parts[:cut])
        if column in names and (
            column in table.nested or isinstance(table.frame[column].dtype, pl.List | pl.Array)
        ):
            return ColumnPath(column, tuple(parts[cut:]))
    hint = did_you_mean(name, names)
    raise MappingError(
        f"There is no column {shown(name)}; the columns are {listed(names, 40)}",
        consequence="nothing was read",
        next_step=f"{hint} " * bool(hint) + f"name one of them with `{option}`",
    )


def _holds_lists(series: pl.Series, table: Table) -> bool:
    if isinstance(series.dtype, pl.List | pl.Array):
        return True
    if series.name not in table.nested:
        return False
    return all(cell.startswith("[") for cell in series.drop_nulls().head(100).to_list())


def item_columns(table: Table) -> list[str]:
    """List dotted paths to the values inside lists, as they would be named: ``sentences.*``."""
    found: list[str] = []
    # Column by column: asked for each by its name, a frame goes through all of them every time.
    for series in table.frame.get_columns():
        name = series.name
        if not _holds_lists(series, table):
            continue
        first = next((cell for cell in _cells(series.head(100), table) if cell), None)
        if not first:
            continue
        if isinstance(first[0], dict):
            found += [
                f"{name}.*.{key}" for key, value in first[0].items() if not isinstance(value, dict | list)
            ]
        elif not isinstance(first[0], list):
            found.append(f"{name}.*")
    return found


def take(table: Table, paths: list[ColumnPath], unparsed: Unparsed) -> list[pl.Series]:
    """Take the values at `paths`, all of one length.

    Where a path goes through every item of a list, each item makes a row and the other columns repeat; two
    such paths go through their lists side by side, and a row whose lists differ in length cannot be placed.

    Raises
    ------
    MappingError
        A path that leads to nothing in any row.
    """
    if not any(path.steps for path in paths):
        return [table.frame[path.column] for path in paths]
    cells = [_cells(table.frame[path.column], table) for path in paths]
    columns: list[list[Any]] = [[] for _ in paths]
    for number, row in enumerate(zip(*cells, strict=True)):
        values = [_walk(cell, path.steps) for cell, path in zip(row, paths, strict=True)]
        lengths = {len(v) for v, path in zip(values, paths, strict=True) if path.many}
        if len(lengths) > 1:
            unparsed.add(
                f"row {number}", f"lists of {' and '.join(map(str, sorted(lengths)))} items side by side"
            )
            continue
        repeat = lengths.pop() if lengths else 1
        for column, value, path in zip(columns, values, paths, strict=True):
            column.extend(value if path.many else [value] * repeat)
    for column, path in zip(columns, paths, strict=True):
        if path.steps and all(value is None for value in column):
            raise MappingError(
                f"The path {shown('.'.join((path.column, *path.steps)))} leads to no value in any row",
                consequence="nothing was read",
                next_step=f"look at what {shown(path.column)} holds and name a path that is in it",
            )
    return [series_of(path.column, column) for path, column in zip(paths, columns, strict=True)]


def _cells(series: pl.Series, table: Table) -> list[Any]:
    cells = series.to_list()
    if series.name in table.nested:
        return [None if cell is None else json.loads(cell) for cell in cells]
    return cells


def _walk(value: Any, steps: tuple[str, ...]) -> Any:
    """Follow `steps` into a value; what is not there is None."""
    for index, step in enumerate(steps):
        if step == _ITEM:
            items = value if isinstance(value, list) else []
            return [_walk(item, steps[index + 1 :]) for item in items]
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def series_of(name: str, values: list[Any]) -> pl.Series:
    """Make a column of Python values: of their one type, or text where they have several."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds and kinds <= {int, float}:
        # JSON may write whole numbers of hundreds of digits, which no float holds: they stay text.
        with suppress(OverflowError):
            return pl.Series(name, [None if v is None else float(v) for v in values], dtype=pl.Float64)
    return pl.Series(name, [_as_text(value) for value in values], dtype=pl.String)


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        # Lone surrogates, which JSON can spell, are no text that a file or a table could hold.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=True)
    return str(value)
