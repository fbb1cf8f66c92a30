"""``springboard report``: writes the pages, and shows all targets at a glance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

if TYPE_CHECKING:
    from features.reports.writing import Written

__all__ = ["report"]


def report(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Another folder than the workspace's reports/site."),
    ] = None,
    json: AsJson = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the pages: targets, sources, the pool's map, histories; JSON and Parquet beside each."""
    from features.reports.workspace import overview_of_workspace, report_workspace

    plan = plan_of(workspace)
    written = report_workspace(plan, None if out is None else out.expanduser().absolute())
    overview = overview_of_workspace(plan)
    if json:
        counts = {name: value for name, value in asdict(written).items() if name != "page"}
        targets = [asdict(row) for row in overview.targets]
        print_json({"page": str(written.page), **counts, "summary": overview.sentence, "targets": targets})
        return
    from flows.cli.render.overview import print_overview

    print_overview(overview)
    say()
    say(_what_was_done(written))
    say(f"Pages     {written.page}")


def _what_was_done(written: Written) -> str:
    gone = f", {written.removed:,} removed" if written.removed else ""
    return f"Files     {written.written:,} written, {written.same:,} as they were{gone}"
