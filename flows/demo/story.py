"""The demo's story: a ready-made pool, two targets, a ranking; sources of one's own; the page; then one more source."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from flows.cli.common import say
from models.errors import SpringboardError, WorkspaceError

if TYPE_CHECKING:
    from features.workspace import Workspace
    from flows.demo.datasets import DemoDataset

__all__ = ["DEMO_PARAMS", "DEMO_POOL", "tell"]

DEMO_POOL = "minilm"
"""The shipped pool; its encoder is the one that a new workspace has."""

_SHOWN = 12
"""Places of a ranking that the story prints; ``springboard rank`` has all of them."""

DEMO_PARAMS: dict[str, dict[str, Any]] = {
    # One pass over two hundred rows, in small batches at a higher rate, is what fits five minutes on two cores.
    # A real workspace keeps the defaults.
    "tuning": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-4},
    "caps": {"source_rows": 200},
}


def tell(folder: Path | None = None) -> None:
    """Run the demo in ``folder``, or in a new temporary one.

    Raises
    ------
    SpringboardError
        A step did not give what the demo promises.
    """
    started = time.monotonic()
    place = folder or Path(tempfile.mkdtemp(prefix="springboard-demo-")) / "workspace"
    # A server and database of the demo's own: nothing of a team's Prefect is touched.
    os.environ["PREFECT_HOME"] = str(place.absolute().parent / f".{place.name}-prefect")
    os.environ.pop("PREFECT_API_URL", None)
    from features.workspace import init_workspace
    from flows.demo.datasets import DEMO_EXTRA, DEMO_SOURCES, DEMO_TARGETS

    workspace = init_workspace(place)
    _write_params(workspace)
    say(f"A new workspace: {workspace.root}")
    say()
    say("1. Nobody starts from zero: a ready-made pool of sources is put in")
    _add_pool(workspace)
    say()
    say(f"2. {len(DEMO_TARGETS)} targets are read, mapped, gated, and ranked against it")
    _add(workspace, "target", DEMO_TARGETS)
    _refresh(workspace)
    _show(workspace, [one.name for one in DEMO_TARGETS])
    say(f"   {time.monotonic() - started:.0f} s since the start")
    say()
    say(f"3. {len(DEMO_SOURCES)} sources of one's own: each is embedded, tuned on, and reduced to such a map")
    _add(workspace, "source", DEMO_SOURCES)
    _ingest(workspace, expected=[one.name for one in DEMO_SOURCES])
    first = _refresh(workspace)
    _show(workspace, [one.name for one in DEMO_TARGETS])
    say()
    say(f"4. One more source comes in: {DEMO_EXTRA[0].name}")
    _add(workspace, "source", DEMO_EXTRA[:1])
    again = _ingest(workspace, expected=[DEMO_EXTRA[0].name])
    second = _refresh(workspace)
    say()
    say(f"   made now: {', '.join(again['made'])}; used as they were: {', '.join(again['ready'])}")
    say(f"   scores computed: {second['computed']} now, {first['computed']} before")
    _show(workspace, [one.name for one in DEMO_TARGETS])
    say()
    say(f"Report page  {second['report']}")
    say(f"Workspace    {workspace.root}")
    say(f"Took         {time.monotonic() - started:.0f} s")
    say()
    say(f"Next: cd '{workspace.root}' && springboard source add YOUR_FILE.csv && springboard ingest")


def _write_params(workspace: Workspace) -> None:
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    for section, values in DEMO_PARAMS.items():
        params[section] |= values
    text = yaml.safe_dump(params, sort_keys=False, default_flow_style=None, width=110)
    workspace.params_file.write_text(text, encoding="utf-8")
    workspace.__dict__.pop("settings", None)


def _add_pool(workspace: Workspace) -> None:
    from features.artefacts.plan import Plan
    from features.pools import add_pool, find_pool
    from features.publishing import publish_sources

    added = add_pool(Plan(workspace), find_pool(DEMO_POOL))
    publish_sources(Plan(workspace))
    manifest = added.manifest
    say(f"   pool {manifest.name}: {len(added.sources)} sources ({manifest.title}), {manifest.bytes:,} bytes")


def _add(workspace: Workspace, kind: str, datasets: Sequence[DemoDataset]) -> None:
    from features.intake import AddOptions, add_dataset
    from features.registry import Kind
    from flows.cli.render.progress import progress_bar
    from flows.demo.datasets import demo_path, licence_of

    with progress_bar(f"reading {len(datasets)} {kind}s") as on_progress:
        added = []
        for number, dataset in enumerate(datasets, start=1):
            options = AddOptions(read=dataset.options, name=dataset.name, licence=licence_of(dataset))
            added.append(add_dataset(workspace, Kind(kind), str(demo_path(dataset)), options))
            on_progress(number, len(datasets))
    for one in added:
        refused = f", {len(one.report.refused)} rows in quarantine" if len(one.report.refused) else ""
        say(f"   {kind} {one.entry.name}: {one.entry.rows} rows, {one.entry.task.value}{refused}")


def _ingest(workspace: Workspace, expected: list[str]) -> dict[str, Any]:
    from features.artefacts.plan import Plan
    from flows.cli.ingest import run_ingest

    result = run_ingest(Plan(workspace), None)
    if sorted(result["made"]) != sorted(expected) or result["failed"]:
        raise SpringboardError(
            f"the demo's ingest made {result['made']} and failed for {result['failed']}",
            consequence=f"the workspace {workspace.root} is left as it is",
            next_step="springboard status --workspace there says more",
        )
    return result


def _refresh(workspace: Workspace) -> dict[str, Any]:
    from features.artefacts.plan import Plan
    from flows.cli.refresh import run_refresh

    result = run_refresh(Plan(workspace), None, None, force=False)
    if result["failed"] or not result["changed"]:
        raise WorkspaceError(
            f"the demo's refresh failed: {result['failed']}",
            consequence=f"the workspace {workspace.root} is left as it is",
            next_step="springboard status --workspace there says more",
        )
    return result


def _show(workspace: Workspace, targets: list[str]) -> None:
    from features.artefacts.plan import Plan
    from features.rankings import shown_ranking
    from features.rankings.view import view_of
    from flows.cli.render.ranking import print_ranking

    plan = Plan(workspace)
    for name in targets:
        shown = shown_ranking(workspace, name, workspace.settings.ranking.scorer, plan.encoder)
        if shown is not None:
            say()
            print_ranking(view_of(shown, top=_SHOWN))
