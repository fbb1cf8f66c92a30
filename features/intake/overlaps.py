"""Lifting the leak check for a pair whose labels are another task's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from features.artefacts.plan import registry_of
from features.audit import note
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["allow_overlaps"]


def allow_overlaps(workspace: Workspace, target: str, sources: Sequence[str]) -> None:
    """Note that these sources may be ranked for the target although they share its texts.

    The ledger keeps who was allowed and when; the target becomes stale by it.

    Raises
    ------
    NamingError
        The target or a source is not registered; nothing is noted then.
    """
    registry = registry_of(workspace)
    target_version = registry.get(Kind.TARGET, target).version
    # The same rows under two names are in the pool under the first: that is the one to allow.
    firsts = [registry.offered(source) for source in sources]
    noted = {
        (record["target"], record["target_version"], record["source"], record["source_version"])
        for record in registry.ledger.read()
        if record.get("event") == "overlap allowed"
    }
    for name, version in dict.fromkeys((first.name, first.version) for first in firsts):
        if (target, target_version, name, version) not in noted:
            mark_unrecorded(workspace)
            pair = {
                "target": target,
                "target_version": target_version,
                "source": name,
                "source_version": version,
            }
            record = registry.ledger.append({"event": "overlap allowed", **pair})
            note(workspace, "overlap allowed", pair, ledger=registry.ledger, record=record)
