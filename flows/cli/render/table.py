"""A table of anything: bordered and fitted on a terminal, or a block a row; plain and whole in a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from features.wording import plain
from flows.cli.render.console import stdout_console, styled, to_encoding, write_line

__all__ = ["cell_text", "fitted_widths", "print_plain", "print_table"]

_LEAST = 10
"""A shortened column keeps this many cells: enough to tell names apart."""

_LEAST_WRAPPED = 20
"""A column whose text goes on below, and whose words are to stay whole, keeps this many where it has as many."""

_SET_IN = "  "
"""What stands before every line of a block but the first, and between two facts of a line."""


def cell_text(value: object) -> str:
    """Return a value as a cell: None as a dash, counts with separators, times in UTC to the minute."""
    if value is None or value == "":
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple | set | frozenset):
        return plain(", ".join(str(part) for part in value)) or "\N{EN DASH}"
    return plain(value)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    title: str = "",
    empty: str = "Nothing here yet.",
    keep: Collection[str] = (),
    wrap: Collection[str] = (),
    whole: bool = False,
    styles: Sequence[str] = (),
    console: Console | None = None,
) -> None:
    """Print a table; on a terminal without the columns in which nothing stands.

    Parameters
    ----------
    columns
        Headings.
    rows
        One sequence of values per row, as long as `columns`. Columns of numbers stand right.
    title
        A line above it, on a terminal only.
    empty
        What to print, in place of a table, when there are no rows.
    keep
        Headings of columns that are never shortened.
    wrap
        Headings of columns whose text goes on below where it does not fit, in place of being shortened.
    whole
        Shorten nothing and break no word: where a terminal has no room for that, print a block per row.
    styles
        A rich style per row (as ``"dim"``), for a terminal; empty for none.
    console
        Where to; None is standard output.

    Raises
    ------
    ValueError
        A row is longer or shorter than the headings.
    """
    console = console or stdout_console()
    if not rows:
        write_line(console, empty)
        return
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"every row needs {len(columns)} values")
    numeric = [all(_is_number(row[i]) for row in rows if row[i] is not None) for i in range(len(columns))]
    cells = [[to_encoding(cell_text(value), console) for value in row] for row in rows]
    if not console.is_terminal:
        print_plain(columns, cells, right=numeric, console=console)
        return
    if title:
        write_line(console, title, "bold")
    told = [i for i, name in enumerate(columns) if i == 0 or name in keep or _says_something(cells, i)]
    shown = [columns[i] for i in told]
    cells = [[row[i] for i in told] for row in cells]
    least = _least_whole(shown, cells, wrap) if whole else [_LEAST] * len(told)
    if whole and sum(least) > _room(len(told), console):
        _print_blocks(shown, cells, console)
        return
    _print_fitted(shown, cells, [numeric[i] for i in told], least, keep, wrap, styles, console)


def _says_something(cells: Sequence[Sequence[str]], column: int) -> bool:
    return any(not _is_nothing(row[column]) for row in cells)


def _is_nothing(text: str) -> bool:
    return text in ("\N{EN DASH}", "-")


def _room(columns: int, console: Console) -> int:
    return console.width - 2 * (columns - 1)


def _least_whole(columns: Sequence[str], cells: Sequence[Sequence[str]], wrap: Collection[str]) -> list[int]:
    """The widths below which something would be cut, or broken within a word."""
    least = []
    for name, *texts in zip(columns, *cells, strict=True):
        widest = max(cell_len(text) for text in (name, *texts))
        if name in wrap:
            words = [cell_len(word) for text in texts for word in text.split()]
            widest = max(cell_len(name), min(widest, _LEAST_WRAPPED), *words)
        least.append(widest)
    return least


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    """A row's first value, and below it what there is of the others, as many on a line as there is room for."""
    for first, *others in cells:
        write_line(console, first, "bold")
        line = ""
        for name, text in zip(columns[1:], others, strict=True):
            if _is_nothing(text):
                continue
            fact = f"{name}: {text}"
            if line and cell_len(line) + cell_len(_SET_IN + fact) > console.width:
                _write_facts(console, line)
                line = ""
            line += _SET_IN + fact
        if line:
            _write_facts(console, line)


def _write_facts(console: Console, line: str) -> None:
    if any(cell_len(_SET_IN + word) > console.width for word in line.split()):
        # An address that no line has room for: where the terminal itself breaks it, it is copied in one piece.
        console.print(Text(line), soft_wrap=True)
    else:
        write_line(console, line)


def _print_fitted(
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    least: Sequence[int],
    keep: Collection[str],
    wrap: Collection[str],
    styles: Sequence[str],
    console: Console,
) -> None:
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
    natural = [max(cell_len(text) for text in column) for column in zip(columns, *cells, strict=True)]
    fixed = [right or name in keep for name, right in zip(columns, numeric, strict=True)]
    widths = fitted_widths(natural, fixed, _room(len(columns), console), least)
    for name, right, width in zip(columns, numeric, widths, strict=True):
        goes_on = name in wrap
        table.add_column(styled(name), justify="right" if right else "left", width=width, no_wrap=not goes_on)
    for index, row in enumerate(cells):
        style = styles[index] if index < len(styles) else ""
        table.add_row(
            *(styled(text, goes_on=name in wrap) for name, text in zip(columns, row, strict=True)),
            style=style,
        )
    console.print(table)


def print_plain(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[bool],
    console: Console,
) -> None:
    """Write cells as aligned text, two spaces between columns and nothing shortened, for files and pipes."""
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        parts = []
        for text, width, to_right in zip(line, widths, right, strict=True):
            gap = " " * (width - cell_len(text))
            parts.append(gap + text if to_right else text + gap)
        write_line(console, "  ".join(parts).rstrip())


def fitted_widths(
    natural: Sequence[int], fixed: Sequence[bool], available: int, least: Sequence[int] | None = None
) -> list[int]:
    """Return column widths that fit: the widest column that may shrink gives first, down to its least width.

    Shrinking in proportion, which is what rich does, would cut figures to make room for a long name.
    """
    widths, least = list(natural), least or [_LEAST] * len(natural)
    over = sum(widths) - available
    while over > 0:
        shrinkable = [i for i, stays in enumerate(fixed) if not stays and widths[i] > least[i]]
        if not shrinkable:
            break
        widest = max(shrinkable, key=lambda i: widths[i])
        widths[widest] -= 1
        over -= 1
    return widths


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
