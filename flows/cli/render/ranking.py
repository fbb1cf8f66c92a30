"""A ranking on the terminal: head, table by tiers, and what it does and does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from features.wording import counted
from flows.cli.render.console import stdout_console, styled, to_encoding, wrapped, write_line
from flows.cli.render.table import fitted_widths, print_plain

if TYPE_CHECKING:
    from rich.console import Console

    from features.rankings.view import RankingView, RowView

__all__ = ["print_ranking"]

_TIER_STYLES = {1: "green", 2: "cyan"}
_WIDE, _WIDER, _PLOT = 100, 122, 25
_GAIN = "Expected gain"
_EXCLUDED = 5


def print_ranking(view: RankingView, console: Console | None = None) -> None:
    """Print a ranking.

    On a terminal a table that fits the width, long names shortened, with a drawing of the intervals where
    there is room; elsewhere the same as plain aligned text with names in full.
    """
    console = console or stdout_console()
    write_line(console, f"Which source first for {view.target}", "bold")
    _facts(view, console)
    if view.rows:
        write_line(console)
        _fancy(view, console) if console.is_terminal else _plain(view, console)
    if view.hidden_text:
        write_line(console, f"{view.hidden_text}.", "dim")
    write_line(console)
    write_line(console, view.summary, "bold")
    if view.rows and view.no_gains:
        write_line(console, view.no_gains, "dim")
    _notes(view, console)


def _facts(view: RankingView, console: Console) -> None:
    pairs = view.facts
    width = max(len(term) for term, _ in pairs)
    for term, value in pairs:
        said = f"{term:<{width}}  {to_encoding(value, console)}"
        for index, line in enumerate(wrapped(said, console) if console.is_terminal else [said]):
            label = width if index == 0 else 0
            console.print(Text.assemble((line[:label], "dim"), line[label:]), soft_wrap=True)


def _plain(view: RankingView, console: Console) -> None:
    moved = any(row.moved for row in view.rows)
    gains = ["expected gain"] if view.has_gains else []
    head = ["rank", "source", "score", "stderr", "tier", *gains, *(["moved"] if moved else [])]
    cells = [
        [
            str(row.rank),
            row.source,
            row.score_text,
            row.stderr_text.removeprefix("± ").replace("\N{EN DASH}", "-"),
            str(row.tier),
            *([row.gain_text or "-"] if gains else []),
            *([row.moved_words] if moved else []),
        ]
        for row in view.rows
    ]
    encoded = [[to_encoding(text, console) for text in row] for row in cells]
    right = [True, False, True, True, True, *([True] if gains else []), *([False] if moved else [])]
    print_plain(head, encoded, right=right, console=console)


def _fancy(view: RankingView, console: Console) -> None:
    moved, plot = (
        any(row.moved for row in view.rows),
        console.width >= (_WIDER if view.has_gains else _WIDE) and not console.options.ascii_only,
    )
    # Standard errors stand in a column of their own, so that the figures line up without ragged padding.
    heads = [
        "#",
        "Source",
        "Score",
        "",
        "Tier",
        *([_GAIN] if view.has_gains else []),
        *(["Moved"] if moved else []),
        *(["± 2 std. errors"] if plot else []),
    ]
    cells = [_cells(row, view, moved, plot, console) for row in view.rows]
    natural = [max(cell_len(text) for text in column) for column in zip(heads, *cells, strict=True)]
    fixed = [name != "Source" for name in heads]
    widths = fitted_widths(natural, fixed, console.width - 2 * (len(heads) - 1))
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
    for name, width in zip(heads, widths, strict=True):
        right = name in {"#", "Score", "Tier", _GAIN}
        table.add_column(
            styled(to_encoding(name, console)),
            justify="right" if right else "left",
            width=width,
            no_wrap=True,
        )
    for index, (row, texts) in enumerate(zip(view.rows, cells, strict=True)):
        ends = index + 1 < len(view.rows) and view.rows[index + 1].starts_tier
        table.add_row(
            *(styled(text) for text in texts), style=_TIER_STYLES.get(row.tier, ""), end_section=ends
        )
    console.print(table)


def _cells(row: RowView, view: RankingView, moved: bool, plot: bool, console: Console) -> list[str]:
    cells = [str(row.rank), row.source, row.score_text, row.stderr_text, str(row.tier)]
    if view.has_gains:
        cells.append(row.gain_text)
    if moved:
        cells.append(row.moved_words if console.options.ascii_only else row.moved)
    if plot:
        cells.append(_whisker(row, view))
    return [to_encoding(text, console) for text in cells]


def _whisker(row: RowView, view: RankingView) -> str:
    """Draw one interval on the ranking's axis, ``├──●──┤``, with ``┊`` where the untouched encoder stands."""
    low, high = view.axis
    span = high - low

    def at(value: float) -> int:
        return round((value - low) / span * (_PLOT - 1)) if span > 0 else _PLOT // 2

    marks = [" "] * _PLOT
    if view.base is not None:
        marks[at(view.base.score)] = "┊"
    first, last = at(row.low), at(row.high)
    if row.stderr is not None:
        marks[first : last + 1] = "─" * (last + 1 - first)
        marks[first], marks[last] = "├", "┤"
    marks[at(row.score)] = "●"
    return "".join(marks)


def _notes(view: RankingView, console: Console) -> None:
    if view.excluded:
        write_line(console)
        write_line(console, f"Left out: {counted(len(view.excluded), 'source')}", "bold")
        shown = view.excluded[:_EXCLUDED] if console.is_terminal else view.excluded
        for out in shown:
            write_line(console, f"  {out.source}: {out.reason}")
        if len(shown) < len(view.excluded):
            write_line(console, f"  and {len(view.excluded) - len(shown):,} more (--json lists all)", "dim")
    for warning in view.warnings:
        write_line(console)
        write_line(console, f"Warning: {warning}", "yellow")
