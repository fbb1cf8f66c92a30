"""Why a source is still pending: the last reason per source, kept with the other ledgers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.audit import note
from features.record.recorder import mark_unrecorded
from features.registry.ledger import Ledger
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["clear_reason", "note_failure", "reasons", "why"]


def _ledger(workspace: Workspace) -> Ledger:
    return Ledger(workspace.ledgers / "failures.jsonl")


def why(problem: object) -> str:
    """One sentence for an exception, in our own words where it is ours."""
    if isinstance(problem, SpringboardError):
        return problem.what
    first = str(problem).strip().splitlines()
    return f"{type(problem).__name__}: {first[0] if first else 'no message'}"[:500]


def reasons(workspace: Workspace) -> dict[str, str]:
    """Source name -> why its last ingest failed, for those that did not succeed since."""
    last: dict[str, str] = {}
    for line in _ledger(workspace).read():
        if line["reason"] is None:
            last.pop(line["source"], None)
        else:
            last[line["source"]] = line["reason"]
    return last


def note_failure(workspace: Workspace, source: str, reason: str) -> None:
    """Note why a source stays pending; the same reason twice in a row is one line."""
    if reasons(workspace).get(source) != reason:
        _append(workspace, "source failed", source, reason)


def clear_reason(workspace: Workspace, source: str) -> None:
    """Note that a source which failed before is ready now."""
    if source in reasons(workspace):
        _append(workspace, "source no longer fails", source, None)


def _append(workspace: Workspace, what: str, source: str, reason: str | None) -> None:
    mark_unrecorded(workspace)
    ledger = _ledger(workspace)
    record = ledger.append({"source": source, "reason": reason})
    note(workspace, what, {"source": source, "reason": reason}, ledger=ledger, record=record)
