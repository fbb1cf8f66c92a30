"""Dropping what the gate refused: the rows are deleted, the record of them stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.artefacts.files import read_table_card
from features.artefacts.plan import registry_of
from features.audit import note, who
from features.exchange.imports import Imports
from features.quarantine.decisions import DROPPED, Decisions
from features.quarantine.reasons import checked_reason
from features.quarantine.waiting import waiting_of
from features.record.recorder import mark_unrecorded

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Dropped", "drop", "remove_dropped"]


@dataclass(frozen=True)
class Dropped:
    """What was deleted: how many rows, which rules had refused them, how many files. An ESM has neither."""

    name: str
    role: str
    rows: int
    by_rule: dict[str, int]
    files: tuple[str, ...]


def drop(workspace: Workspace, name: str, reason: str, *, role: str | None = None) -> Dropped:
    """Delete what waits in quarantine under a name; the registry keeps what it was, why it went and who decided.

    The same rows refused again are not kept again. Releases made before hold them still, as they hold everything.

    Parameters
    ----------
    workspace
        The workspace.
    name, role
        As for :func:`features.quarantine.waiting.waiting_of`; ``esm`` is a role too.
    reason
        Why.

    Raises
    ------
    NamingError, SettingsError
        Nothing waits there, or there is no reason.
    """
    reason = checked_reason(reason)
    remove_dropped(workspace)
    if role in (None, "esm") and _drop_esm(workspace, name, reason):
        return Dropped(name, "esm", 0, {}, ())
    with workspace.lock("registry"):
        waiting = waiting_of(workspace, name, None if role == "esm" else role)
        ledger = registry_of(workspace).ledger
        files = {key: _facts(workspace, key) for key in waiting.files}
        body: dict[str, Any] = {
            "event": DROPPED,
            "kind": waiting.role,
            "name": name,
            "files": files,
            "rows": len(waiting.rows),
            "digests": dict(Counter(waiting.rows["digest"])),
            "by_rule": waiting.by_rule,
            "reason": reason,
            "by": who(workspace),
        }
        mark_unrecorded(workspace)
        record = ledger.append(body)
        on = {"name": name, "role": waiting.role, "rows": len(waiting.rows)}
        note(workspace, DROPPED, on, ledger=ledger, record=record, reason=reason)
        remove_dropped(workspace)
    return Dropped(name, waiting.role, len(waiting.rows), waiting.by_rule, waiting.files)


def _facts(workspace: Workspace, key: str) -> dict[str, Any]:
    facts = read_table_card(workspace.folder("quarantine") / f"{key}.parquet").facts
    return {name: facts[name] for name in ("rows", "stopped", "refused_by_rule")}


def _drop_esm(workspace: Workspace, name: str, reason: str) -> bool:
    with workspace.lock("registry"):
        imports = Imports(workspace)
        refused = [one for one in imports.refused() if one.name == name]
        for one in refused:
            mark_unrecorded(workspace)
            imports.note_drop(one, reason, who(workspace))
    return bool(refused)


def remove_dropped(workspace: Workspace) -> int:
    """Delete the files whose dropping was noted and that are here still (a killed process); returns how many."""
    gone: Counter[str] = Counter()
    for key in Decisions(workspace).dropped_files:
        path = workspace.folder("quarantine") / f"{key}.parquet"
        if path.exists():
            mark_unrecorded(workspace)
            path.unlink(missing_ok=True)
            gone[key] += 1
    return gone.total()
