"""``springboard audit``: whether the log of all changes is whole, and what it says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.audit import Verdict

__all__ = ["audit"]

_SHOWN = 20
_WIDE = 120
"""A terminal of so many columns has room for a table."""


def audit(
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN|RELEASE", help="Only lines from then on (ISO 8601, or a release)."),
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=0, help="Only the last so many lines; 20 when nothing is said.")
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Verify the log of all changes from end to end, and print its lines: who changed what, and when."""
    from features.audit import verify
    from features.rankings.history import moment_of

    place = plan_of(workspace).workspace
    moment = moment_of(place, since, onwards=True) if since else None
    verdict = verify(place)
    entries = [entry for entry in verdict.entries if moment is None or _is_since(entry, moment)]
    if json:
        shown = entries if last is None else entries[len(entries) - min(last, len(entries)) :]
        print_json({**verdict.to_record(), "entries": shown})
    else:
        most = last if last is not None else len(entries) if since else _SHOWN
        _print_entries(entries, most)
        _print_verdict(verdict)
    if not verdict.is_whole:
        raise typer.Exit(1)


def _is_since(entry: dict[str, Any], moment: datetime) -> bool:
    from features.registry.ledger import parse_time

    try:
        return parse_time(entry["at"]) >= moment
    except (KeyError, TypeError, ValueError):
        return True  # An edited time must not hide the line.


def _print_entries(entries: list[dict[str, Any]], most: int) -> None:
    from flows.cli.render.console import stdout_console
    from flows.cli.render.table import print_table

    shown = entries[len(entries) - min(most, len(entries)) :]
    if not shown:
        return
    rows = [
        [
            entry.get("n"),
            str(entry.get("at"))[:16].replace("T", " "),
            _who(entry),
            entry.get("what"),
            _on(entry),
            str(entry.get("run") or "")[:8],
        ]
        for entry in shown
    ]
    console = stdout_console()
    if console.is_terminal and console.width < _WIDE:
        # A table would cut either the deed or what it was done to.
        for line, at, by, what, on, run in rows:
            say(f"{line:>5}  {at}  {what}" + (f": {on}" if on else ""))
            say(f"       by {by or 'nobody known'}" + (f", run {run}" if run else ""))
    else:
        print_table(
            ["line", "at", "by", "what", "on", "run"], rows, keep=("line", "at", "what"), wrap=("on",)
        )
    if len(shown) < len(entries):
        say(f"{len(entries) - len(shown):,} earlier lines (--last N shows more, --json all).")


def _who(entry: dict[str, Any]) -> str:
    if entry.get("late"):
        return "(noted later)"
    by = entry.get("by") or {}
    return str(by.get("name") or by.get("account") or "")


def _on(entry: dict[str, Any]) -> str:
    """What it was done to, in a few words: names before hashes, and why where somebody said so."""
    on = entry.get("on") or {}
    words = [str(on[name]) for name in ("name", "target", "source", "pool") if on.get(name) is not None]
    if not words:
        words = [", ".join(entry.get("sections") or ()) or str(next(iter(on.values()), ""))]
    if on.get("scorer"):
        words.append(f"by {on['scorer']}")
    reason = entry.get("reason") or on.get("reason")
    return " ".join(words) + (f" ({reason})" if reason else "")


def _print_verdict(verdict: Verdict) -> None:
    from features.wording import counted

    if not verdict.lines and verdict.is_whole:
        say("There is no audit log yet: the first change starts one.")
        return
    say()
    if verdict.is_whole:
        vouched = f", {verdict.in_releases:,} of them in releases" if verdict.in_releases else ""
        say(f"The audit log is whole: {counted(verdict.lines, 'line')}{vouched}. Last hash: {verdict.head}")
    else:
        say(f"The audit log is BROKEN, in {counted(len(verdict.problems), 'place')}:")
        for problem in verdict.problems:
            where = "the log" if problem.line is None else f"line {problem.line:,}"
            say(f"  {where}: {problem.what}")
            say(f"    that means: {problem.means}")
    for note in verdict.notes:
        say(f"  note: {note}")
