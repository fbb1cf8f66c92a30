"""Tables of results and predictions as files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

__all__ = ["write_results", "write_table"]

Row = Sequence[object]


def write_table(path: Path, head: str, rows: Iterable[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head.split(","))
        writer.writerows(rows)
    return path


def write_results(
    folder: Path, *, n_targets: int = 4, n_sources: int = 8, n_seeds: int = 3
) -> tuple[Path, Path]:
    """Results of made-up transfers, and predictions: ``knows`` sees them, ``jsd`` is a distance, ``blind`` is not."""
    rng = np.random.default_rng(0)
    results: list[Row] = []
    predictions: list[Row] = []
    for t in range(n_targets):
        results += [("none", f"t{t}", seed, round(0.6 + rng.normal(0, 0.01), 4)) for seed in range(n_seeds)]
        true = 0.65 + rng.normal(0, 0.04, n_sources)
        for s in range(n_sources):
            runs = true[s] + rng.normal(0, 0.01, n_seeds)
            results += [(f"s{s}", f"t{t}", seed, round(run, 4)) for seed, run in enumerate(runs)]
            predictions += [
                ("knows", f"s{s}", f"t{t}", true[s], 0.5),
                ("jsd", f"s{s}", f"t{t}", -true[s], 0.1),
            ]
            predictions.append(("blind", f"s{s}", f"t{t}", rng.normal(), ""))
    return (
        write_table(folder / "results.csv", "source,target,seed,score", results),
        write_table(folder / "ranks.csv", "scorer,source,target,score,seconds", predictions),
    )
