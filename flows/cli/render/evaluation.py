"""An evaluation on the terminal: what was compared, the table of scorers, the goals, and what does not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.evaluation.layout import COLUMNS, cells_of, ordered
from features.wording import counted
from flows.cli.render.console import stdout_console, write_line
from flows.cli.render.table import print_table
from models.evaluation import KS

if TYPE_CHECKING:
    from rich.console import Console

    from features.feedback.live import LiveReport

__all__ = ["print_evaluation", "print_live"]

_SHOWN = 10
_LEAST_NAME = 20
_FIRST_TO_GO = (
    "bytes/source",
    "s/source",
    "targets",
    "precision@5",
    "regret@3",
    "regret@1",
    "gain@5",
    "ndcg",
    "regret@5",
    "gain",
)


def print_evaluation(
    found: Mapping[str, Any], written: Sequence[Path], console: Console | None = None
) -> None:
    """Print an evaluation, and say which files were written."""
    console = console or stdout_console()
    write_line(console, _head(found), "bold")
    write_line(console, _floor(found))
    write_line(console)
    _scorers(found, console)
    write_line(console)
    write_line(console, "Goals", "bold")
    for goal in found["goals"]:
        write_line(console, _goal(goal))
    write_line(console)
    _studies(found, console)
    _notes(found, console)
    for path in written:
        write_line(console, f"Written: {path}")


def print_live(report: LiveReport, console: Console | None = None) -> None:
    """Print how past advice did, target by target and on average."""
    console = console or stdout_console()
    empty = "No results under a ranking yet. Next: springboard feedback TARGET SOURCE SCORE --baseline B"
    wrap = ("target", "best tried", "advised first")
    print_table(report.columns, report.rows(), empty=empty, wrap=wrap, whole=True, console=console)
    for k in KS:
        if (regret := report.regret(k)) is not None:
            over = counted(report.judged(k), "target")
            write_line(console, f"regret@{k}: {regret:.2f} % over {over}")
    if report.gain is not None:
        write_line(console, f"gain of what was advised first: {report.gain:+.2f} points")
    for one in report.not_judged:
        write_line(
            console, f"Not judged: {one.source} for {one.target} ({one.gain:+.2f} points): {one.reason}"
        )
    write_line(console, report.note)


def _head(found: Mapping[str, Any]) -> str:
    return (
        f"{counted(found['pairs'], 'pair')}: {counted(found['candidates'], 'source')}, "
        f"{counted(found['targets'], 'target')}, {counted(found['seeds'], 'seed')}; default {found['default']}"
    )


def _floor(found: Mapping[str, Any]) -> str:
    floor = found["floor"]
    if floor["regret@5"] is None:
        one = found["seeds"] == 1
        return (
            "One seed: no floor, and the winner's luck counts."
            if one
            else "No floor: no target has two seeds that count and its best result above 0."
        )
    parts = ", ".join(f"{floor[f'regret@{k}']:.2f} % at {k}" for k in (1, 3, 5))
    return f"Floor (an oracle that knows half of the seeds): regret {parts}"


def _scorers(found: Mapping[str, Any], console: Console) -> None:
    names = ordered(found)
    cells = [cells_of(found["scorers"][name]) for name in names]
    # Numbers come with the decimals that their measure deserves, so as text, which would stand left.
    widths = [max(len(text) for text in column) for column in zip(COLUMNS, *cells, strict=True)]
    kept = _that_fit(widths, max(len(name) for name in names), console)
    rows = [
        [name, *(row[at].rjust(widths[at]) for at in kept)] for name, row in zip(names, cells, strict=True)
    ]
    heads = [COLUMNS[at].rjust(widths[at]) for at in kept]
    styles = ["bold" if name == found["default"] else "" for name in names]
    print_table(["scorer", *heads], rows, keep=heads, styles=styles, console=console)
    said = "Regret in percent of the best, gain over no transfer in points; 95% interval of excess@5."
    hidden = [name for at, name in enumerate(COLUMNS) if at not in kept]
    more = f" Not shown, for want of room: {', '.join(hidden)}." if hidden else ""
    write_line(console, said + more, "dim")


def _that_fit(widths: Sequence[int], name: int, console: Console) -> list[int]:
    """Positions of the columns that a terminal has room for, names at least in part; all of them elsewhere."""
    kept = list(range(len(COLUMNS)))
    if not console.is_terminal:
        return kept
    for column in _FIRST_TO_GO:
        if min(name, _LEAST_NAME) + sum(widths[at] + 2 for at in kept) <= console.width:
            break
        kept.remove(COLUMNS.index(column))
    return kept


def _goal(goal: Mapping[str, Any]) -> str:
    value = "" if goal["value"] is None else f" ({goal['value']:.2f})"
    verdict = {True: "met", False: "MISSED", None: f"cannot be said, {goal.get('why', '')}"}[goal["met"]]
    return f"  {goal['goal']}{value}: {verdict}"


def _studies(found: Mapping[str, Any], console: Console) -> None:
    rows = found["studies"]["pool_size"]["rows"]
    columns = [*dict.fromkeys(("size", found["default"], "random", "floor"))]
    write_line(console, "Regret@5 by the size of the pool", "bold")
    cells = [[row["size"], *(_two(row.get(name)) for name in columns[1:])] for row in rows]
    print_table(columns, cells, keep=columns, console=console)
    write_line(console)
    likeness, shares = found["studies"]["popularity"]["spearman"], found["studies"]["popularity"]["variance"]
    if likeness["between"] is not None:
        of_halves = (
            f"; {_two(likeness['between_halves'])} by half of the seeds, where noise allows {_two(likeness['ceiling'])}"
            if likeness["ceiling"] is not None and likeness["between_halves"] is not None
            else ""
        )
        write_line(
            console,
            f"Targets rank their sources alike: Spearman {_two(likeness['between'])} between two{of_halves}.",
        )
    if shares:
        told = [name for name in ("target", "source", "interaction", "seed") if shares[name] is not None]
        parts = ", ".join(f"{name} {shares[name]:.0%}" for name in told)
        chance = "" if "seed" in told else " and chance, which one seed cannot tell apart"
        write_line(console, f"Where results differ: {parts}{chance}.")


def _two(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def _notes(found: Mapping[str, Any], console: Console) -> None:
    for note in found["notes"]:
        write_line(console, f"Note: {note}.")
    left = found["left_out"]
    if not left:
        return
    write_line(console, f"Left out: {len(left):,}", "bold")
    for one in left[:_SHOWN]:
        what = ", ".join(f"{name} {one[name]}" for name in ("target", "source", "seed") if name in one)
        write_line(console, f"  {what}: {one['reason']}")
    if len(left) > _SHOWN:
        write_line(console, f"  and {len(left) - _SHOWN:,} more (--json lists all)", "dim")
