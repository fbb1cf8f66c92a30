"""``springboard rebuild``."""

from __future__ import annotations

import typer

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json, say

__all__ = ["rebuild"]


def rebuild(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Make LanceDB anew from files alone, with the same ranking ids."""
    from features.publishing import missing_datasets, rebuild_store
    from flows.cli.render.progress import progress_bar

    plan = plan_of(workspace)
    with progress_bar("rebuilding the store") as on_progress:
        rebuilt = rebuild_store(plan, on_progress)
    missing = missing_datasets(plan)
    if json:
        print_json({"rows": rebuilt.rows, "dropped_tags": list(rebuilt.dropped_tags), "missing": missing})
    else:
        _show(rebuilt.rows, missing)
    if missing:
        raise typer.Exit(1)


def _show(tables: dict[str, int], missing: list[str]) -> None:
    from features.wording import counted, joined, plain

    for view, rows in tables.items():
        say(f"{view}: {rows} rows")
    if not tables:
        say("No table was made: data/ holds nothing to serve.")
    if missing:
        files = f"the files of {counted(len(missing), 'registered dataset')}"
        say(f"Missing in data/, and not served: {files} ({plain(joined(missing))})")
        say("Next: springboard pull, from a DVC remote that has them (--remote NAME)")
