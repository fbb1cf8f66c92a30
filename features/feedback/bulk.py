"""Many reports at once, from a CSV file: every row is checked before any is recorded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from features.feedback.numbers import NOTHING
from features.feedback.reports import Checked, Report, checked_report
from features.rankings.transfers import Transfers
from features.reading.wording import listed, shown
from models.errors import SpringboardError, UnknownReferenceError, UnreadableError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["reports_from"]

_NEEDED = ("source", "target", "score", "baseline")
_OTHERS = ("seed", "metric", "note")
_MOST_SHOWN = 5


def reports_from(plan: Plan, path: Path) -> list[Checked]:
    """Read and check a file of reports.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    path
        CSV in UTF-8 with the columns ``source``, ``target``, ``score``, ``baseline``, and where wanted ``seed``,
        ``metric`` and ``note``. An empty cell says nothing.

    Raises
    ------
    UnknownReferenceError
        There is no such file.
    UnreadableError
        The file, its columns or a row cannot be used; the message names the rows, the first below the header as 1.
    """
    checked: list[Checked] = []
    bad: dict[int, SpringboardError] = {}
    for number, row in enumerate(_rows(path), start=1):
        try:
            checked.append(checked_report(plan, _report_of(row)))
        except SpringboardError as problem:
            bad[number] = problem
    if bad:
        raise _refused_rows(path, bad)
    _refuse_repeated(plan, path, checked)
    return checked


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UnknownReferenceError(
            f"{shown(path, 300)} {what}", consequence=NOTHING, next_step="name a CSV file with --from"
        )
    import polars as pl

    try:
        content = path.read_bytes()
        content.decode("utf-8")
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.NoDataError:
        raise _refused(path, "is empty", "name another with --from") from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as problem:
        why = "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem).splitlines()[0]
        raise _refused(path, f"cannot be read as CSV: {why[:200]}", "correct it, or name another") from None
    _check_columns(path, frame.columns)
    rows = [{name: value or "" for name, value in row.items()} for row in frame.to_dicts()]
    # Spreadsheets and editors like to end a file with empty lines.
    while rows and not any(rows[-1].values()):
        rows.pop()
    if not rows:
        raise _refused(path, "has no rows", "add a row for each result")
    return rows


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    unknown = [name for name in columns if name not in (*_NEEDED, *_OTHERS)]
    layout = f"the columns are {', '.join(_NEEDED)} and, where wanted, {', '.join(_OTHERS)}"
    if missing:
        hint = "; separate them by commas" if len(columns) == 1 else ""
        raise _refused(path, f"has no column {listed(missing)} (it has {listed(columns)})", f"{layout}{hint}")
    if unknown:
        # A misspelt "seed" would make several runs replace one another.
        raise _refused(path, f"has columns that mean nothing here: {listed(unknown)}", layout)


def _report_of(row: dict[str, str]) -> Report:
    return Report(
        target=row["target"].strip(),
        source=row["source"].strip(),
        score=row["score"],
        baseline=row["baseline"],
        seed=row.get("seed", ""),
        metric=row.get("metric") or None,
        note=row.get("note") or None,
    )


def _refuse_repeated(plan: Plan, path: Path, checked: list[Checked]) -> None:
    transfers, first = Transfers(plan), dict[object, int]()
    for number, one in enumerate(checked, start=1):
        pair = transfers.pair_of(one.offer.name, one.target.name)
        before = first.setdefault((pair, one.seed), number)
        if before != number:
            raise _refused(
                path,
                f"has a second result of source '{one.offer.name}' on target '{one.target.name}' "
                f"{'without a seed' if one.seed is None else f'with seed {one.seed}'} in row {number:,}, after row "
                f"{before:,}",
                "give each run its seed, or keep one row",
            )


def _refused_rows(path: Path, bad: dict[int, SpringboardError]) -> UnreadableError:
    told = "; ".join(f"row {number:,}: {bad[number].what}" for number in list(bad)[:_MOST_SHOWN])
    more = f"; and {len(bad) - _MOST_SHOWN:,} more" if len(bad) > _MOST_SHOWN else ""
    first = next(iter(bad.values()))
    count = "a row" if len(bad) == 1 else f"{len(bad):,} rows"
    return _refused(path, f"has {count} that cannot be recorded: {told}{more}", first.next_step)


def _refused(path: Path, what: str, next_step: str) -> UnreadableError:
    return UnreadableError(f"{shown(path, 300)} {what}", consequence=NOTHING, next_step=next_step)
