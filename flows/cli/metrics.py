"""``springboard metrics``."""

from __future__ import annotations

import sys

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json

__all__ = ["metrics"]


def metrics(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """The workspace in numbers, in Prometheus' text form: lag, promises, quarantine, sources, flows, alerts."""
    from features.metrics import gather, to_text

    families = gather(plan_of(workspace))
    if json:
        print_json([record for family in families for record in family.to_records()])
        return
    sys.stdout.write(to_text(families).decode())
