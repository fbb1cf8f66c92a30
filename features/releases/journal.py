"""What a restore has decided, written down whole before the first of it is done: either all of it happens or nothing.

A restore changes params.yaml and appends to ledgers/rankings.jsonl. No file system does both at once, so that the
decision is one file: once that is there the restore has happened, and whoever comes next, a reader too, finishes
what a killed process left to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from features.artefacts.files import write_whole
from features.rankings.history import RankingLedger
from features.record.recorder import mark_unrecorded

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Journal", "decide", "finish_restore"]

_WAIT = 60.0
"""Seconds to wait for another process that is finishing; that takes milliseconds."""


@dataclass(frozen=True)
class Journal:
    """One restore.

    Attributes
    ----------
    restore
        An id of its own; every line that it appends carries it.
    release
        The commit that is put back.
    params_before, params_after
        The text of params.yaml as it was and as it is to be; the same where no setting changes.
    lines
        What goes to the end of ledgers/rankings.jsonl.
    """

    restore: str
    release: str
    params_before: str
    params_after: str
    lines: list[dict[str, Any]]


def decide(workspace: Workspace, journal: Journal) -> None:
    """Make the restore happen; a process that is killed here leaves all of it or nothing to those after it."""
    text = json.dumps(asdict(journal), ensure_ascii=True, allow_nan=False)
    with workspace.lock("restoring", timeout=_WAIT):
        write_whole(workspace.restoring, lambda part: part.write_text(text, encoding="ascii"))
        _carry_out(workspace, journal)


def finish_restore(workspace: Workspace) -> None:
    """Carry out what a killed restore had decided, if there is anything.

    Raises
    ------
    BusyError
        Another process has been at it for a minute.
    """
    with workspace.lock("restoring", timeout=_WAIT):
        if workspace.restoring.exists():
            _carry_out(workspace, Journal(**json.loads(workspace.restoring.read_text(encoding="ascii"))))


def _carry_out(workspace: Workspace, journal: Journal) -> None:
    mark_unrecorded(workspace)
    params = workspace.params_file
    # What somebody typed into it since then is newer than this decision, and stays.
    if journal.params_after != journal.params_before and _text(workspace) == journal.params_before:
        write_whole(params, lambda part: part.write_text(journal.params_after, encoding="utf-8"))
    ledger = RankingLedger(workspace)
    done = {_of(line) for line in ledger.lines() if line.get("restore") == journal.restore}
    for line in journal.lines:
        if _of(line) not in done:
            ledger.append_restored(line)
    workspace.restoring.unlink()


def _text(workspace: Workspace) -> str:
    return workspace.params_file.read_text(encoding="utf-8")


def _of(line: Mapping[str, Any]) -> tuple[str, str, str]:
    return line["target"], line["scorer"], line["encoder"]
