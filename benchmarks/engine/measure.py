"""The engine beside the reference, a large pool ranked end to end, and how the cost grows.

``python -m benchmarks.engine.measure`` measures a little of everything, to see that it runs, and writes no results.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.engine import beside, cuda, growth, pool
from benchmarks.engine.others import Others
from benchmarks.outcome import Goal, Outcome

__all__ = ["measure"]

RESULTS = Path(__file__).resolve().parents[1] / "results"
_SMALL = {
    "sources": (1, 16),
    "rows": (125, 1_000),
    "dimension": (96, 384),
    "rank": (1, 384),
    "classes": (2, 20),
}


def measure(keep: bool = False, *, small: bool = False, results: Path = RESULTS) -> Outcome:
    """Measure all parts; the pool is removed afterwards unless ``keep``."""
    # Limits hold for libraries that are loaded: scipy brings a BLAS of its own, which full-rank maps go through.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    size = beside.Size(8, 1, 1, 1, 1) if small else beside.Size()
    with threadpool_limits(1):
        with Others() as others:
            cases = beside.compare(size, others)
            real = beside.compare_real(size, others)
        table = growth.grow(_SMALL, 1) if small else growth.grow(growth.VARIED)
    results.mkdir(exist_ok=True)
    growth.write_table(table, results / "engine_growth.csv")
    growth.write_plot(table, results / "engine_growth.svg")
    runs, count = _ranked(pool.SOURCES // 30 if small else pool.SOURCES, keep)
    on_gpu, gpu = cuda.beside_cpu()
    goals: list[Goal] = [
        *beside.judge(cases),
        *beside.judge_real(real),
        *pool.judge(runs),
        *growth.judge(table),
        *on_gpu,
    ]
    return Outcome(
        title="scoring: beside hf-dataset-selector, 1,500 ESMs end to end, how it grows",
        goals=goals,
        raw={"beside": cases, "beside_real": real, "others": others.versions, "pool": runs, "growth": table},
        notes=[*_notes(size, others), _real_note(real), _pool_note(count, len(runs)), _GROWTH_NOTE, gpu],
    )


def _ranked(count: int, keep: bool) -> tuple[list[dict[str, Any]], int]:
    workspace = pool.build(count)
    try:
        return pool.rank(workspace), count
    finally:
        if not keep:
            shutil.rmtree(workspace, ignore_errors=True)


def _notes(size: beside.Size, others: Others) -> list[str]:
    theirs = others.versions
    notes = [
        f"Beside: hf-dataset-selector {theirs['hf-dataset-selector']} (numpy {theirs['numpy']}, numba "
        f"{theirs['numba']}) in an environment of its own, one thread each. Theirs: its ESM applied in batches of 128, "
        f"then its LogME, {size.theirs} ESMs a turn. Ours: batches of {size.esms} (full maps {size.full}, one by one), "
        f"from the factors on; the target's one-off preparation is told apart. A ratio is the median over "
        f"{size.rounds} turns, ours and theirs one after the other in each; every turn is in `engine.json`.",
        f"Targets of {beside.ROWS:,} rows: MiniLM's embeddings of the bundled texts for d = 384, made up with their "
        "spectrum for d = 768; labels are noisy linear functions of them. ESMs are in half precision and move the "
        "embeddings by 30 % of their size.",
    ]
    if "thuml" not in others.whose:
        notes.append(
            "thuml's LogME: skipped, its file could not be fetched; $SPRINGBOARD_THUML_LOGME may name it. "
            "hf-dataset-selector's LogME is derived from it."
        )
    return notes


def _real_note(cases: list[dict[str, Any]]) -> str:
    if not cases:
        return "Real ESMs: skipped, the benchmark `esm` has left no tuned sources in scratch here."
    moved = sorted(case["moved"] for case in cases)
    return (
        "Real ESMs: fitted to the sources that the benchmark `esm` has tuned, with its targets' own labels; the median "
        f"of them moves a target's embeddings by {moved[0]:.0%} to {moved[-1]:.0%} of their size."
    )


def _pool_note(count: int, runs: int) -> str:
    return (
        f"End to end: {count:,} made-up sources' sketches and ESMs of rank 16 in a workspace, one target of "
        f"{pool.ROWS:,} real texts with {pool.CLASSES} classes, nothing scored or compared yet; from the files to the "
        f"ranking on disk in a fresh process of one thread, medians of {runs}. CPU is user and system."
    )


_GROWTH_NOTE = (
    "How it grows: [engine_growth.csv](engine_growth.csv), [engine_growth.svg](engine_growth.svg); LogME, one thing "
    "varied at a time."
)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for goal in measure(keep=True, small=True, results=Path(folder)).goals:
            print(f"{goal.value:9.3f} {goal.unit}  {goal.what}")
