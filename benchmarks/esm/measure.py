"""ESMs of real sources: our fit beside the reference's, and rank against size, held-out fit and the pool's order.

The pool is made from the team's real datasets (``$SPRINGBOARD_DATASETS``), a minute or two a source, and kept in
``benchmarks/scratch/esm``. A run starts no new source after ``$SPRINGBOARD_BENCH_MINUTES`` (20), measures what is
there, and the next one goes on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.esm import beside, chosen
from benchmarks.esm.curve import FULL, between_halves, measure_pool, table
from benchmarks.esm.kept import kept_bytes
from benchmarks.esm.pool import Made, fill, made_sources, made_targets
from benchmarks.outcome import Goal, MissingInput, Outcome

__all__ = ["measure"]

RESULTS = Path(__file__).resolve().parents[1] / "results"
FEWEST = 24
"""Sources that a pool is to have at least."""

SMALLER, AGREES = 2_780, 0.99
DEFAULT_RANK = "16"


def measure(keep: bool = False) -> Outcome:
    """Fill the pool, measure, write ``esm_ranks.csv`` and ``.svg``; the pool is kept whatever ``keep`` says."""
    missing = fill(float(os.environ.get("SPRINGBOARD_BENCH_MINUTES", "20")))
    sources, targets = made_sources(), made_targets()
    if len(sources) < 8 or len(targets) < 6:
        raise MissingInput(
            f"{len(sources)} sources and {len(targets)} targets are tuned and embedded, and 8 and 6 are the least that "
            f"say anything; run it again, or with more minutes in $SPRINGBOARD_BENCH_MINUTES; "
            f"missing: {', '.join(missing)}"
        )
    goals: list[Goal] = []
    raw: dict[str, Any] = {}
    notes: list[str] = []
    large = [one for one in sources if one.name in chosen.LARGE]
    if len(large) >= 2:
        try:
            cases, reference = _beside(large)
            goals += beside.judge(cases)
            raw["beside"] = cases
            notes.append(reference)
        except MissingInput as problem:
            notes.append(f"Not run beside hf-dataset-selector: {problem}.")
    found = measure_pool(sources, targets)
    rows = table(found, sources[0].base.shape[1], RESULTS)
    halves = between_halves(found)
    _plot(rows, _mean_spearman(halves[FULL]))
    kept = kept_bytes(sources[0])
    goals += _size_goals(rows, kept, len(sources))
    for kind, agreed in halves.items():
        what = "full maps" if kind == FULL else f"maps of rank {kind}"
        goals.append(
            Goal(
                f"mean Spearman of {what} fitted to one half of each source's rows with those of the other half",
                _mean_spearman(agreed),
                unit="",
            )
        )
    goals += [
        Goal(
            f"tried: mean Spearman of rank {row['rank'].split()[1]} around a scaled identity with full-rank scores",
            row["spearman_mean"],
            unit="",
        )
        for row in rows
        if row["rank"].startswith("scaled")
    ]
    raw |= {"ranks": rows, "halves": halves, "kept": kept, "pool": found, "not_made": missing}
    notes += _notes(rows, sources, targets)
    return Outcome(title="ESMs: fit, rank, size and the pool's order", goals=goals, raw=raw, notes=notes)


def _beside(large: Sequence[Made]) -> tuple[list[dict[str, Any]], str]:
    from threadpoolctl import threadpool_limits

    from benchmarks.hfselect import hfselect_python

    python = hfselect_python()
    with threadpool_limits(1):
        cases = beside.compare(large, python)
    sgd = cases[0]["sgd"]
    return cases, (
        f"SGD: hf-dataset-selector {sgd['versions']['hf-dataset-selector']}, its own trainer and settings "
        f"({sgd['epochs']} epochs, batches of {sgd['batch_size']}, AdamW at {sgd['learning_rate']}), in an "
        f"environment of its own, one thread, CPU seconds of the training call alone; ours before and after it, the "
        f"quicker of {2 * beside.REPEATS}, 6 strengths by 4 folds. Every tenth row is kept from both. d = 768: the "
        f"embeddings of two sources side by side. Like for like is the full map; SGD has no low rank."
    )


def _mean_spearman(agreed: Sequence[dict[str, Any]]) -> float:
    return float(np.mean([one["spearman"] for one in agreed]))


def _plot(rows: Sequence[dict[str, Any]], halves: float) -> None:
    from benchmarks.esm.plot import write_plot

    write_plot(rows, halves, RESULTS / "esm_ranks.svg")


def _size_goals(rows: Sequence[dict[str, Any]], kept: dict[str, int], sources: int) -> list[Goal]:
    goals = [Goal("real sources in the pool", sources, FEWEST, True, unit="sources")]
    ranks = [row for row in rows if row["rank"].isdigit()]
    for precision in ("equal", "stored"):
        size = f"times_smaller_{precision}_precision"
        row = max((row for row in ranks if row[size] >= SMALLER), key=lambda row: row["mean_rank"])
        goals += [
            Goal(
                f"mean Spearman with full-rank scores at rank {row['rank']}, the highest of the table that is "
                f"{SMALLER:,} times smaller than the tuned encoder at {precision} precision ({row[size]:,.0f} times)",
                row["spearman_mean"],
                AGREES,
                True,
                unit="",
            ),
            Goal(f"the same, least over {row['targets']} targets", row["spearman_least"], unit=""),
        ]
    default = next(row for row in ranks if row["rank"] == DEFAULT_RANK)
    goals += [
        Goal(
            f"mean Spearman at the default rank {DEFAULT_RANK}",
            default["spearman_mean"],
            AGREES,
            True,
            unit="",
        ),
        Goal(
            "tuned encoder / ESM at the default rank, equal precision",
            default["times_smaller_equal_precision"],
        ),
        Goal(
            "tuned encoder as stored (fp32) / ESM as stored (fp16), default rank",
            default["times_smaller_stored_precision"],
            SMALLER,
            True,
        ),
        Goal("the ESM's file at the default rank, its card included", kept["esm_file"], unit="bytes"),
        Goal("all that is kept for a source's maps: moments, head, samples, ESM", kept["all"], unit="bytes"),
        Goal("tuned encoder as stored / all that is kept of it", kept["encoder_file"] / kept["all"]),
    ]
    enough = [row for row in ranks if row["spearman_mean"] >= AGREES]
    if enough:
        goals.append(
            Goal("smallest rank of the table with a mean Spearman of 0.99", float(enough[0]["rank"]), unit="")
        )
    return goals


def _notes(rows: Sequence[dict[str, Any]], sources: Sequence[Made], targets: Sequence[Made]) -> list[str]:
    full = next(row for row in rows if row["rank"] == FULL)
    lines = [
        "The whole curve: `esm_ranks.csv`, `esm_ranks.svg`; every score is in `esm.json`.",
        f"Pool: {len(sources)} real datasets ({', '.join(one.name for one in sources)}), all-MiniLM-L6-v2 tuned in "
        f"full for 2 epochs on {chosen.SOURCE_ROWS:,} rows ({chosen.LARGE_TUNED_ROWS:,} of {chosen.LARGE_ROWS:,} for "
        f"the first {len(chosen.LARGE)}).",
        f"Targets: {', '.join(one.name for one in targets)}; up to {chosen.TARGET_ROWS:,} rows; LogME in float64 of "
        f"embeddings mapped by the ESM as stored, against the full map in double precision. None shares texts "
        "with a source.",
        f"Median held-out R2 of the full maps {full['heldout_r2_median']}.",
    ]
    steps = np.array([one.facts["seconds"] for one in sources])
    lines.append(
        f"Tuning and embedding took {steps.sum() / 60:.0f} minutes, {np.median(steps):.0f} s a source (median)."
    )
    return lines
