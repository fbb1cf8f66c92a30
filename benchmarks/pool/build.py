"""``python -m benchmarks.pool.build FOLDER SIZE``: a workspace with SIZE made-up sources and one ranked target."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.pool.madeup import MadeUpSources
from benchmarks.pool.standins import install
from features.artefacts.plan import Plan
from features.intake import AddOptions, add_dataset
from features.publishing import publish_ranking, publish_sources
from features.rankings import refresh_target
from features.record import mark_unrecorded, record
from features.registry import Kind
from features.workspace import Workspace, init_workspace
from flows.demo.datasets import DEMO_TARGETS, demo_path
from models.errors import NamingError

__all__ = ["TARGET", "build", "is_built"]

TARGET = DEMO_TARGETS[0]
_BUILT = "benchmark-pool-built"


def is_built(folder: Path) -> bool:
    """Whether a workspace is there and complete."""
    return (folder / ".springboard" / _BUILT).exists()


def build(folder: Path, size: int) -> None:
    """Make what is missing of the workspace; one that was interrupted is gone on with."""
    if is_built(folder):
        return
    install()
    # Writing 1,500 sources one after the other needs no promise that each survives a power cut.
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    workspace = Workspace(folder) if (folder / "params.yaml").exists() else init_workspace(folder)
    workspace.make_folders()
    started = time.perf_counter()

    def say(what: str) -> None:
        print(f"  pool of {size}: {what} after {time.perf_counter() - started:.0f} s", flush=True)

    plan = Plan(workspace)
    mark_unrecorded(workspace)
    made_up = MadeUpSources(plan)
    registered = set(plan.registry.current(Kind.SOURCE))
    for number in range(size):
        entry = made_up.write(number)
        if entry.name not in registered:
            plan.registry.register(entry)
    say("files written")
    plan = Plan(workspace)
    publish_sources(plan)
    say("published")
    try:
        target = plan.registry.get(Kind.TARGET, TARGET.name)
    except NamingError:
        options = AddOptions(read=TARGET.options, name=TARGET.name)
        target = add_dataset(workspace, Kind.TARGET, str(demo_path(TARGET)), options).entry
    plan = Plan(workspace)
    refreshed = refresh_target(plan, target)
    if refreshed is not None:
        publish_ranking(plan, refreshed)
    say("target ranked")
    record(workspace, f"A pool of {size} made-up sources")
    say("recorded")
    (workspace.private / _BUILT).touch()


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
