"""Finding what there is to tell, all of it from stored state: whoever looks finds the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from features.alerts.alert import Alert
from features.alerts.channels import channels_of
from features.alerts.failing import failures, hanging
from features.alerts.outbox import Outbox
from features.alerts.reading import Reading
from features.alerts.refusals import refusals
from features.alerts.staleness import broken_promises
from features.alerts.tiers import tier_changes
from features.runs import forget, note_killed

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.workspace.layout import Workspace

__all__ = ["raise_alerts", "raise_of_runs"]


def raise_of_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """Raise what failed or hangs, and was not told of yet; quick, for the beginning of every run.

    A run that was killed is told of before the next one of its flow succeeds, which would make it forgotten.
    """
    dead = note_killed(workspace)
    raised = _raise(workspace, [*failures(workspace), *hanging(workspace)])
    for one in dead:
        forget(one)
    return raised


def raise_alerts(plan: Plan) -> list[dict[str, Any]]:
    """Raise everything that happened and was not told of yet; returns what is new."""
    workspace = plan.workspace
    kinds = workspace.settings.alerts.kinds
    reading = Reading(workspace)
    finders: dict[str, Callable[[], Iterator[Alert]]] = {
        "gate_refused": lambda: refusals(reading),
        "target_stale": lambda: broken_promises(plan),
        "tier_changed": lambda: tier_changes(reading),
    }
    raised = raise_of_runs(workspace)
    raised += _raise(workspace, [one for kind, find in finders.items() if kind in kinds for one in find()])
    reading.keep()
    return raised


def _raise(workspace: Workspace, alerts: list[Alert]) -> list[dict[str, Any]]:
    wanted = [alert for alert in alerts if alert.kind in workspace.settings.alerts.kinds]
    return Outbox(workspace).raise_new(wanted, channels_of(workspace.settings.alerts))
