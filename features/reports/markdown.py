"""A ranking as Markdown, for Prefect artifacts, pull requests and chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.rankings.view import RankingView, RowView
    from features.reports.overview import Overview, TargetRow

__all__ = ["escaped", "overview_to_markdown", "to_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]#!|~$^@])")
_LIST = re.compile(r"^(\d*)([-+.)])")
_LINK = re.compile(r"(?i)(https?|ftp|mailto|xmpp):|(www)\.")


def escaped(text: str) -> str:
    """Escape text so that a Markdown renderer shows exactly its characters.

    Covers CommonMark, the tables, strikethrough, bare links and mentions of GitHub's dialect, and ``$``
    mathematics. ``<``, ``>`` and ``&`` become entities, so that a renderer which lets HTML pass finds none.
    """
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(r"\\\1", text)
    text = _LINK.sub(lambda m: f"{m[1]}\\:" if m[1] else f"{m[2]}\\.", text)
    return _LIST.sub(r"\1\\\2", text)


def to_markdown(view: RankingView) -> str:
    """Return the ranking as Markdown: heading, summary, facts, a table, what was left out, and warnings."""
    parts = [
        f"## Which source first for {escaped(view.target)}",
        f"**{escaped(view.summary)}**",
        "\n".join(f"- {term}: {escaped(value)}" for term, value in view.facts),
    ]
    if view.rows:
        parts.append(_table(view))
    if view.hidden_text:
        parts.append(f"{view.hidden_text}.")
    if view.excluded:
        lines = [f"- {escaped(out.source)}: {escaped(out.reason)}" for out in view.excluded]
        parts.append("\n".join(["### Left out", "", *lines]))
    if view.warnings:
        parts.append("\n".join(["### Warnings", "", *(f"- {escaped(line)}" for line in view.warnings)]))
    return "\n\n".join(parts) + "\n"


def overview_to_markdown(overview: Overview) -> str:
    """Return all targets as Markdown: a sentence and a table."""
    parts = ["## Which source first", f"**{escaped(overview.sentence)}**"]
    if overview.targets:
        head = ["Target", "Freshness", "Leading tier", "Since the ranking before"]
        rows = [
            [escaped(row.name), escaped(_freshness(row)), escaped(row.leading_text), escaped(row.change)]
            for row in overview.targets
        ]
        parts.append("\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * 4, *rows]))
    return "\n\n".join(parts) + "\n"


def _freshness(row: TargetRow) -> str:
    return f"{row.status}, {row.promise}" if row.promise else row.status


def _table(view: RankingView) -> str:
    moved, gains = any(row.moved for row in view.rows), view.has_gains
    more = [*(["Expected gain"] if gains else []), *(["Moved"] if moved else [])]
    head = ["Rank", "Source", "Score", "Std. error", "Tier", *more]
    rule = ["---:", "---", "---:", "---:", "---:", *(["---:"] if gains else []), *(["---"] if moved else [])]
    rows = [_cells(row, moved, gains) for row in view.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])


def _cells(row: RowView, moved: bool, gains: bool) -> list[str]:
    cells = [str(row.rank), escaped(row.source), row.score_text, row.stderr_text, str(row.tier)]
    cells += [escaped(row.gain_text)] if gains else []
    return [*cells, escaped(row.moved)] if moved else cells
