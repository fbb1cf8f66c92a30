"""``python -m benchmarks.pool.step REPORT WORKSPACE {add|refresh} [FILE ...]``: one measured run.

``add`` registers every FILE as a source and runs the ingest flow; ``refresh`` runs the refresh flow. REPORT
gets the CPU seconds of each step, of this process and the programs it waited for. It runs in a process of its
own, so that imports, Prefect's temporary server, DVC and git count in its parent's measure.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

STEPS: dict[str, float] = defaultdict(float)

_RECORDING = {"repro": "dvc repro", "push": "dvc push", "commit_paths": "git"}
STEPS_OF: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "add": {
        "flows.ingest": {
            "make_embedding": "embedding files (without the encoder)",
            "make_moments": "moments (without encoder and tuning)",
            "make_esm": "fit of the ESM",
            "publish_sources": "publish to LanceDB",
            "stale_targets": "stale targets",
        },
        "features.record.recorder": _RECORDING,
    },
    "refresh": {
        "features.rankings.refresh": {"leaks_of": "leak check"},
        "flows.refresh": {
            "refresh_target": "leak check, scores and ranking",
            "publish_ranking": "publish to LanceDB",
            "work_of": "stale targets",
            "report_workspace": "report pages",
        },
        "features.record.recorder": _RECORDING,
    },
}
"""What is measured: module -> name in it -> the step. A test holds these to the code."""


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        before = _cpu()
        try:
            return function(*arguments, **options)
        finally:
            STEPS[name] += _cpu() - before

    return run


def _wrap(module: Any, names: dict[str, str]) -> None:
    for attribute, step in names.items():
        setattr(module, attribute, _timed(step, getattr(module, attribute)))


def _add(workspace: str, files: list[str]) -> dict[str, Any]:
    import flows.ingest as flow
    from features.intake import AddOptions, add_dataset
    from features.registry import Kind
    from features.workspace import Workspace

    place = Workspace(Path(workspace))
    STEPS["imports of Springboard and Prefect"] = _cpu()
    for file in files:
        added = _timed("read, gate, register", add_dataset)(
            place, Kind.SOURCE, file, AddOptions(name=Path(file).stem)
        )
        if added.status != "new":
            raise SystemExit(f"{file} is {added.status}; the benchmark needs new rows")
    for module, names in STEPS_OF["add"].items():
        _wrap(importlib.import_module(module), names)
    result = flow.ingest(names=[Path(file).stem for file in files], workspace=workspace)
    if sorted(result["made"]) != sorted(Path(file).stem for file in files) or result["release"] is None:
        raise SystemExit(f"the ingest did not make everything: {result}")
    return dict(result)


def _refresh(workspace: str) -> dict[str, Any]:
    import flows.refresh as flow

    STEPS["imports of Springboard and Prefect"] = _cpu()
    for module, names in STEPS_OF["refresh"].items():
        _wrap(importlib.import_module(module), names)
    result = flow.refresh(workspace=workspace)
    if len(result["changed"]) != 1 or result["failed"] or result["computed"] < 1:
        raise SystemExit(f"the refresh made no new ranking: {result}")
    return dict(result)


def main() -> None:
    """Run what the command line says and write the report."""
    from benchmarks.pool.standins import install

    report, workspace, what, *files = sys.argv[1:]
    started = time.perf_counter()
    install()
    result = _add(workspace, files) if what == "add" else _refresh(workspace)
    # Prefect's temporary server is still running and has not been waited for: its CPU is in the parent's count.
    own = _cpu()
    ledger = Path(workspace) / "ledgers" / "registry.jsonl"
    record = {
        "registered": len(ledger.read_text(encoding="utf-8").splitlines()),
        "steps": dict(STEPS),
        "own": own,
        "wall": time.perf_counter() - started,
        "torch_loaded": "torch" in sys.modules,
        "computed": result.get("computed"),
    }
    Path(report).write_text(json.dumps(record), encoding="utf-8")


if __name__ == "__main__":
    main()
