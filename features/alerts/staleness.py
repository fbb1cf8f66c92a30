"""Targets that are staler than promised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from features.alerts.alert import Alert
from features.registry.promises import promises_of

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["broken_promises"]


def broken_promises(plan: Plan) -> Iterator[Alert]:
    """One alert for each target whose promise is broken; until its next ranking there is no other."""
    if not promises_of(plan.registry):
        return
    from features.reports.records import target_records

    for target in target_records(plan):
        if not target["broken"]:
            continue
        name, since = target["name"], str(target["stale_since"])
        yield Alert(
            "target_stale",
            (name, str(target["ranked_at"] or target["added_at"])),
            f"target '{name}' is staler than promised ({target['fresh_within']})",
            f"stale since {since[:16].replace('T', ' ')} UTC: {target['reason']}",
            f"springboard refresh {name}",
            {
                "target": name,
                "stale_since": since,
                "stale_seconds": target["stale_seconds"],
                "fresh_within_seconds": target["fresh_within_seconds"],
            },
        )
