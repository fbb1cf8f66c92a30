"""The evaluation as files: tables for people and spreadsheets, the whole object, and drawings."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.evaluation.drawing import draw_growth, draw_regret
from features.evaluation.layout import COLUMNS, cells_of, ordered
from features.reports.markdown import escaped

__all__ = ["write_evaluation"]

_DIGITS = 6
"""More would differ from one processor to the next."""

_OF_A_TARGET = ("regret@1", "regret@3", "regret@5", "excess_regret@5", "ndcg", "kendall", "gain", "gain@5")


def write_evaluation(found: Mapping[str, Any], folder: Path, stem: str) -> list[Path]:
    """Write an evaluation.

    Parameters
    ----------
    found
        What :func:`~features.evaluation.report.evaluate` gave.
    folder
        Made if it is missing.
    stem
        How the files' names begin.

    Returns
    -------
    list of Path
        ``STEM_table.csv``, ``STEM_table.md``, ``STEM_per_target.csv``, ``STEM_evaluation.json`` (all but the targets
        one by one), ``STEM_regret.svg`` and ``STEM_pool_size.svg``, each whole or as it was before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Files are named without their folder, which is another one on every machine.
    whole = {key: value for key, value in found.items() if key != "per_target"}
    whole |= {key: Path(found[key]).name for key in ("truth", "predictions") if found[key]}
    contents = {
        f"{stem}_table.csv": _csv(found),
        f"{stem}_per_target.csv": _per_target(found),
        f"{stem}_table.md": _markdown(found),
        f"{stem}_evaluation.json": json.dumps(_rounded(whole), ensure_ascii=False, indent=1, allow_nan=False)
        + "\n",
        f"{stem}_regret.svg": draw_regret(found),
        f"{stem}_pool_size.svg": draw_growth(found),
    }
    written = []
    for name, text in contents.items():
        part = folder / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        os.replace(part, folder / name)  # noqa: PTH105 - says that it replaces
        written.append(folder / name)
    return written


def _csv(found: Mapping[str, Any]) -> str:
    names = ordered(found)
    columns = [key for key, value in found["scorers"][names[0]].items() if not isinstance(value, dict)]
    columns = [key for key in columns if key != "versus_default"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scorer", *columns])
    for name in names:
        row = found["scorers"][name]
        writer.writerow([_inert(name), *(_rounded(row[key]) for key in columns)])
    return out.getvalue()


def _per_target(found: Mapping[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["target", "scorer", *_OF_A_TARGET])
    for target, one in found["per_target"].items():
        for name in ordered(found):
            values = [_rounded(one["scorers"][name][key]) for key in _OF_A_TARGET]
            writer.writerow([_inert(target), _inert(name), *values])
    return out.getvalue()


def _inert(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def _markdown(found: Mapping[str, Any]) -> str:
    head = ["scorer", *COLUMNS]
    rows = [[escaped(name), *cells_of(found["scorers"][name])] for name in ordered(found)]
    table = [head, ["---", *("---:" for _ in COLUMNS)], *rows]
    lines = [
        f"Made by `springboard evaluate`: {found['pairs']:,} pairs, {found['targets']} targets, "
        f"{found['seeds']} seeds, default `{found['default']}`. What each number is: docs/evaluation.md.",
        "",
        *(f"| {' | '.join(row)} |" for row in table),
        "",
        "| goal | value | |",
        "|---|---:|---|",
        *(f"| {_goal_cells(goal)} |" for goal in found["goals"]),
    ]
    notes = [f"- {escaped(note)}" for note in found["notes"]]
    left = [f"- {escaped(_said(one))}" for one in found["left_out"]]
    parts = [
        lines,
        *(["", "Notes:", "", *notes] for _ in notes[:1]),
        *(["", "Left out:", "", *left] for _ in left[:1]),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _goal_cells(goal: Mapping[str, Any]) -> str:
    value = "" if goal["value"] is None else f"{goal['value']:.2f}"
    verdict = {True: "met", False: "**missed**", None: f"cannot be said: {goal.get('why', '')}"}[goal["met"]]
    return f"{escaped(goal['goal'])} | {value} | {verdict if goal['met'] is not None else escaped(verdict)}"


def _said(one: Mapping[str, Any]) -> str:
    what = [f"target {one['target']}"]
    what += [f"source {one['source']}"] if "source" in one else []
    what += [f"seed {one['seed']}"] if "seed" in one else []
    return f"{', '.join(what)}: {one['reason']}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
