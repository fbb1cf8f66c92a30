"""``springboard rebuild``."""

from __future__ import annotations

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

__all__ = ["rebuild"]


def rebuild(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Make LanceDB anew from files alone, with the same ranking ids."""
    from features.publishing import rebuild_store
    from flows.cli.render.progress import progress_bar

    plan = plan_of(workspace)
    with progress_bar("rebuilding the store") as on_progress:
        rebuilt = rebuild_store(plan, on_progress)
    if json:
        print_json({"rows": rebuilt.rows, "dropped_tags": list(rebuilt.dropped_tags)})
        return
    for view, rows in rebuilt.rows.items():
        say(f"{view}: {rows} rows")
