"""``python -m benchmarks.engine.rank WORKSPACE TARGET REPORT``: one ranking in a process of its own, measured.

REPORT gets CPU seconds (user and system) of the ranking and of its steps, and the memory's high-water marks.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks.memory.child import peak

STEPS: dict[str, float] = defaultdict(float)


def _time(holder: Any, names: dict[str, str]) -> None:
    """Let a module's functions, or a class's, add their CPU seconds to steps. Steps must not lie in each other."""
    for name, step in names.items():
        setattr(holder, name, _timed(step, getattr(holder, name)))


def _timed(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        before = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            STEPS[step] += time.process_time() - before

    return run


def main(workspace: str, target: str, report: str) -> None:
    """Rank, and write what it took."""
    # What the ranking would import on its way is no part of the ranking.
    import safetensors.numpy  # noqa: F401

    import features.rankings.computing as computing
    import features.rankings.refresh as refresh
    import features.rankings.scoring as scoring
    from features.artefacts.plan import Plan
    from features.registry import Kind
    from features.workspace import Workspace

    _time(refresh, {"leaks_of": "leak check", "write_ranking": "writing", "ordered_rows": "tiers and order"})
    _time(scoring.Scoring, {"store": "writing", "base_score": "the base encoder's score"})
    _time(refresh.RankingLedger, {"append": "writing"})
    _time(refresh.Pool, {"state": "the pool's state"})
    _time(computing.TargetRows, {"esm": "reading ESMs"})
    _time(computing.LogmeOfMaps, {"scores": "scores", "replicates": "jackknife of the leading"})
    plan = Plan(Workspace(Path(workspace)))
    entry = plan.registry.get(Kind.TARGET, target)
    imports, before = time.process_time(), peak()
    refreshed = refresh.refresh_target(plan, entry)
    seconds = time.process_time() - imports
    if refreshed is None:
        raise SystemExit("nothing was ranked: there is a ranking already")
    rows = refreshed.ranking["ranking"]
    record = {
        "seconds": seconds,
        "imports": imports,
        "steps": dict(STEPS),
        "before_bytes": before,
        "peak_bytes": peak(),
        "ranked": len(rows),
        "with_errors": sum(row["stderr"] is not None for row in rows),
        "excluded": len(refreshed.ranking["excluded"]),
        "computed": refreshed.computed,
        "ranking_id": refreshed.ranking["ranking_id"],
    }
    Path(report).write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
