"""A target ranked against a large pool, from the workspace's files to the ranking on disk, in fresh processes."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.engine.inputs import SCRATCH, make_labels, real_embeddings
from benchmarks.outcome import Goal
from benchmarks.processes import environment
from benchmarks.texts import short_texts

__all__ = ["CLASSES", "LEADING", "ROWS", "SOURCES", "build", "judge", "rank"]

SOURCES, ROWS, CLASSES, LEADING = 1_500, 1_000, 20, 100
TARGET = "ranked"
CPU_SECONDS, BYTES = 5.0, 2**30


def build(size: int = SOURCES) -> Path:
    """A workspace with made-up sources' sketches and ESMs (default rank) and one target of real texts; made once.

    The target's embeddings are MiniLM's own; nothing is published or recorded, as a ranking reads files.
    """
    folder = SCRATCH / f"pool-{size}"
    ready = folder / ".springboard" / "engine-pool-built"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.engine.pool", str(folder), str(size)]
        subprocess.run(command, env=environment(), check=True)
        ready.touch()
    return folder


def rank(workspace: Path, rounds: int = 3) -> list[dict[str, Any]]:
    """Rank the target in so many fresh processes, each without what the one before stored."""
    report = SCRATCH / "rank.json"
    found = []
    for _ in range(rounds):
        _forget(workspace)
        command = [sys.executable, "-m", "benchmarks.engine.rank", str(workspace), TARGET, str(report)]
        subprocess.run(command, env=environment(), check=True)
        found.append(json.loads(report.read_text(encoding="utf-8")))
    return found


def judge(runs: Sequence[dict[str, Any]]) -> list[Goal]:
    """Goals and the split of the time."""

    def middle(name: str) -> float:
        return float(statistics.median(run[name] for run in runs))

    ranked = f"{runs[0]['ranked']:,} ESMs"
    goals = [
        Goal(
            f"CPU of ranking {ranked}, errors of the leading {LEADING} and leak check included, one core",
            middle("seconds"),
            CPU_SECONDS,
            unit="s",
        ),
        Goal("peak memory of that process", middle("peak_bytes") / 2**30, BYTES / 2**30, unit="GiB"),
        Goal("peak memory of it before it ranks: libraries", middle("before_bytes") / 2**30, unit="GiB"),
        Goal("CPU of its imports, not counted above", middle("imports"), unit="s"),
    ]
    steps = {name: statistics.median(run["steps"][name] for run in runs) for name in runs[0]["steps"]}
    goals += [Goal(f"of the CPU above: {name}", seconds, unit="s") for name, seconds in steps.items()]
    rest = middle("seconds") - sum(steps.values())
    return [*goals, Goal("of the CPU above: all else", rest, unit="s")]


def _forget(workspace: Path) -> None:
    for kind in ("scores", "overlaps", "rankings"):
        for path in (workspace / "data" / kind).iterdir():
            if path.is_file() and path.name != ".gitignore":
                path.unlink()
    (workspace / "ledgers" / "rankings.jsonl").unlink(missing_ok=True)


def _fill(folder: Path, size: int) -> None:
    import polars as pl

    from benchmarks.pool.madeup import MadeUpSources
    from features.artefacts.embeddings import make_embedding
    from features.artefacts.plan import Plan
    from features.intake import AddOptions, add_dataset
    from features.registry import Kind
    from features.workspace import Workspace, init_workspace

    # 1,500 small files need no promise that each survives a power cut.
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    params = init_workspace(folder).root / "params.yaml"
    settings = params.read_text(encoding="utf-8")
    wanted = settings.replace("jackknife_leading: 20\n", f"jackknife_leading: {LEADING}\n")
    if wanted == settings:
        raise RuntimeError("params.yaml has no jackknife_leading of 20 to change")
    params.write_text(wanted, encoding="utf-8")
    workspace = Workspace(folder)
    workspace.make_folders()
    table = pl.DataFrame(
        {
            "text": short_texts(ROWS),
            "label": [f"class {label}" for label in make_labels(real_embeddings(ROWS), CLASSES)],
        }
    )
    rows = folder / "target.csv"
    table.write_csv(rows)
    target = add_dataset(workspace, Kind.TARGET, str(rows), AddOptions(name=TARGET)).entry
    plan = Plan(workspace)
    make_embedding(plan, target)
    made_up = MadeUpSources(plan)
    for number in range(size):
        plan.registry.register(made_up.write(number, ranked_only=True))


if __name__ == "__main__":
    _fill(Path(sys.argv[1]), int(sys.argv[2]))
