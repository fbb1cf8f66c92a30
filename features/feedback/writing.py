"""How past advice did, as files under ``reports/``: written only where they would say something else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from features.artefacts.files import write_whole
from features.feedback.live import LiveReport
from features.reports.markdown import escaped

if TYPE_CHECKING:
    from pathlib import Path

    from features.workspace.layout import Workspace

__all__ = ["live_to_markdown", "write_live"]


def write_live(workspace: Workspace, report: LiveReport) -> list[Path]:
    """Write ``reports/evaluation/live.json`` and ``live.md``.

    Returns
    -------
    list of Path
        What was written; empty where both said it already.
    """
    folder = workspace.reports / "evaluation"
    texts = {
        folder / "live.json": json.dumps(report.to_record(), ensure_ascii=False, indent=1, allow_nan=False),
        folder / "live.md": live_to_markdown(report),
    }
    return [path for path, text in texts.items() if _written(path, text + "\n")]


def _written(path: Path, text: str) -> bool:
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except (OSError, UnicodeDecodeError):
        pass
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
    return True


def live_to_markdown(report: LiveReport) -> str:
    """The report as Markdown: a table of targets, what no advice can be judged by, and what the numbers do not say."""
    lines = ["## How past advice did", ""]
    if report.targets:
        lines += [_row(report.columns), _row(["---"] * len(report.columns))]
        lines += [_row([_cell(value) for value in row]) for row in report.rows()]
        lines.append("")
    lines += [
        f"- Not judged: {escaped(one.source)} for {escaped(one.target)} ({one.gain:+.2f} points): {escaped(one.reason)}"
        for one in report.not_judged
    ]
    return "\n".join([*lines, "", escaped(report.note)])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else escaped(str(value))
