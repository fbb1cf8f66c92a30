"""The report of a whole workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from features.reports.records import (
    other_scorers,
    quarantine_records,
    shown_rankings,
    source_records,
    target_records,
)
from features.reports.site import write_report

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["report_workspace"]


def report_workspace(plan: Plan) -> Path:
    """Write the workspace's pages below ``reports/site`` and give the first one.

    Raises
    ------
    ArtefactError
        A ranking's file is missing or broken; the pages stay as they were.
    """
    sources = [
        {**record, "status": "ranked" if record["status"] == "ready" else record["status"]}
        for record in source_records(plan)
    ]
    with plan.workspace.lock("report"):
        return write_report(
            plan.workspace.reports / "site",
            shown_rankings(plan),
            sources=sources,
            quarantine=quarantine_records(plan),
            stale=[record for record in target_records(plan) if record["status"] == "stale"],
            others=other_scorers(plan),
            data_docs=plan.workspace.data_docs,
        )
