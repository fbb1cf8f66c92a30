"""What lies in the inbox and on the watch list, and what became of it, as plain records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.artefacts.plan import registry_of
from features.inbox.looking import Seen, look
from features.inbox.outcomes import Outcome
from features.registry.entries import Kind, Registry
from models.errors import SpringboardError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["inbox_records", "inbox_summary", "refused_unread"]


def inbox_records(workspace: Workspace) -> list[dict[str, Any]]:
    """One record per entry of the inbox and per watched reference; nothing is read and nobody is asked.

    Keys: ``kind``, ``place``, ``variant`` (which branch and subset), ``watched``, ``state`` ("waiting", "taken",
    "refused", "offline" or "gone"), ``name`` and ``version`` of the dataset, ``reason``, ``next_step``, ``by_gate``
    (whether the gate refused it) and ``at``, when it was taken or refused.

    Raises
    ------
    SettingsError
        The inbox cannot be looked into.
    """
    registry = registry_of(workspace)
    return [_record(registry, one) for one in look(workspace, deep=False)]


def _record(registry: Registry, seen: Seen) -> dict[str, Any]:
    last = seen.last
    kind, place, variant = seen.item.id
    state, reason = _state(registry, seen)
    return {
        "kind": kind,
        "place": place,
        "variant": (last.variant if last else "") or variant,
        "watched": seen.item.watch is not None,
        "state": state,
        "name": last.name if last else "",
        "version": last.version if last else None,
        "reason": reason,
        "next_step": last.next_step if last and state == "refused" else "",
        "by_gate": bool(last and last.by_gate and state == "refused"),
        "at": last.at if last else None,
    }


def _state(registry: Registry, seen: Seen) -> tuple[str, str]:
    if seen.state in ("due", "settling"):
        news = "it is new" if seen.last is None else "it changed, or is to be tried again"
        return "waiting", seen.why or f"{news}; springboard ingest takes it"
    if seen.state == "refused" and seen.last and _is_registered(registry, seen.last):
        return "taken", "it was released from quarantine, or added by hand"
    return seen.state, seen.why


def _is_registered(registry: Registry, last: Outcome) -> bool:
    """Whether somebody let it in since it was refused."""
    entry = registry.current(Kind(last.kind)).get(last.name)
    return entry is not None and entry.at > last.at and entry.reference == last.place


def inbox_summary(workspace: Workspace) -> dict[str, Any]:
    """The same in numbers, with what somebody may want to look at.

    Returns
    -------
    dict
        How many are ``taken`` and ``gone``; the records of those ``waiting``, ``refused`` and ``offline``; ``problem``:
        why the inbox cannot be looked into, or an empty text.
    """
    summary: dict[str, Any] = {
        "taken": 0,
        "gone": 0,
        "waiting": [],
        "refused": [],
        "offline": [],
        "problem": "",
    }
    try:
        records = inbox_records(workspace)
    except SpringboardError as problem:
        return {**summary, "problem": problem.what}
    for record in records:
        if isinstance(summary[record["state"]], list):
            summary[record["state"]].append(record)
        else:
            summary[record["state"]] += 1
    return summary


def refused_unread(workspace: Workspace) -> list[dict[str, Any]]:
    """What was refused before it came to the gate, and still lies there: nothing of it is kept but the reason."""
    return [one for one in inbox_summary(workspace)["refused"] if not one["by_gate"]]
