"""The table of all results, made from the results files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["write_table"]

_HEAD = """# Results

Made by `python -m benchmarks.run` from the JSON files beside this page, which hold every single measurement;
what each benchmark measures is told in [../README.md](../README.md).
"""


def write_table(folder: Path) -> None:
    """Write ``README.md`` from the ``*.json`` of a folder."""
    parts = [_HEAD]
    for path in sorted(folder.glob("*.json")):
        parts.append(_section(json.loads(path.read_text(encoding="utf-8"))))
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _section(record: dict[str, Any]) -> str:
    machine = record["machine"]
    lines = [
        f"## {record['benchmark']}: {record['title']}",
        "",
        f"{record['date']}, {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"load {machine['load_average_at_start'][0]} at the start, Python {record['python']}.",
        "",
        "| measured | value | goal | |",
        "|---|---|---|---|",
        *(_row(goal) for goal in record["goals"]),
        "",
        *(f"- {note}" for note in record["notes"]),
    ]
    return "\n".join(lines) + "\n"


def _row(goal: dict[str, Any]) -> str:
    unit = "" if goal["unit"] == "x" else f" {goal['unit']}"
    limit = "" if goal["limit"] is None else f"{'>=' if goal['at_least'] else '<='} {goal['limit']:g}{unit}"
    verdict = {True: "met", False: "**missed**", None: ""}[goal["met"]]
    return f"| {goal['what']} | {goal['value']:.4g}{unit} | {limit} | {verdict} |"
