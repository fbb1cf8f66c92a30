"""How fresh each target was promised to be, as ledgers/registry.jsonl says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.ages import seconds_of
from features.audit import note
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind, Registry
from models.errors import SettingsError

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["NONE", "PROMISED", "Promise", "age_promised", "promise_freshness", "promises_of"]

PROMISED = "freshness promised"
"""The registry's event of a promise; the newest of a target is the one in force."""

NONE = "none"
"""What takes a promise back."""


@dataclass(frozen=True)
class Promise:
    """A target's ranking is to be refreshed within so long of becoming stale: ``text`` as typed, in ``seconds``."""

    text: str
    seconds: float
    at: str


def age_promised(text: str) -> float | None:
    """Seconds of a promise as typed; None for ``none``.

    Raises
    ------
    SettingsError
        It is neither an age nor ``none``, or no time at all.
    """
    if text.strip().casefold() == NONE:
        return None
    seconds = seconds_of(text, "--fresh none,")
    if seconds <= 0:
        raise SettingsError(
            f"{text[:40]!r} cannot be promised: every ranking is stale for a moment",
            consequence="nothing was done",
            next_step="--fresh 24h, 90m or 7d, or none",
        )
    return seconds


def promises_of(registry: Registry) -> dict[str, Promise]:
    """Target -> the promise in force; a name keeps its promise when it stands for new rows."""
    found: dict[str, Promise] = {}
    for line in registry.ledger.read():
        if line.get("event") != PROMISED:
            continue
        found.pop(line["target"], None)
        if line["seconds"] is not None:
            found[line["target"]] = Promise(str(line["fresh"]), float(line["seconds"]), line["at"])
    return found


def promise_freshness(workspace: Workspace, registry: Registry, target: str, fresh: str) -> bool:
    """Note how fresh a target is to be; returns whether that is another promise than before.

    Parameters
    ----------
    workspace, registry
        Where.
    target
        A registered target.
    fresh
        An age, or ``none``.

    Raises
    ------
    NamingError
        No such target; nothing is noted then.
    SettingsError
        ``fresh`` cannot be promised; nothing is noted then.
    """
    seconds = age_promised(fresh)
    registry.get(Kind.TARGET, target)
    with workspace.lock("registry"):
        before = promises_of(registry).get(target)
        if (None if before is None else before.seconds) == seconds:
            return False
        mark_unrecorded(workspace)
        on = {"target": target, "fresh": fresh.strip().casefold()}
        record = registry.ledger.append({"event": PROMISED, **on, "seconds": seconds})
        note(workspace, PROMISED, on, ledger=registry.ledger, record=record)
    return True
