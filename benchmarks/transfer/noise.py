"""``python -m benchmarks.transfer.noise``: how much of a ranking is luck of the source's own tuning.

From the arrays that ``matrix.py`` kept of each tuning (source and seed): LogME of every target by its ESM (``esm`` at
rank 16, ``full``) and by the really tuned encoder (``tuned``), one row a score in ``ENCODER_noise_scores.csv``. And in
``ENCODER_noise.json``, as mean rank correlations over targets of the sources' order:

- ``between_seeds``: of the same score by two tunings of the same sources, which is 1 without source-side noise;
- ``same_run``: of the score of a tuning with what fine-tuning on *from that very tuning* gave;
- ``other_run``: with what it gave from another tuning, which is all that a ranking can know beforehand.

What ``same_run`` has over ``other_run`` is the part of a transfer's result that lies in the source's tuning and that
the score sees.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.transfer.chosen import SOURCES, TARGETS, TRAINING_ROWS
from benchmarks.transfer.encoders import ENCODERS, load
from benchmarks.transfer.kept import kept_path, read_kept
from benchmarks.transfer.rows import share_texts, target_rows
from benchmarks.transfer.table import GrowingTable

__all__ = ["main", "summary"]

HERE = Path(__file__).parent
KINDS = ("esm", "full", "tuned")
_MOST_SEEDS = 16
_FEWEST_SOURCES = 4


@cache
def _base_features(encoder: str, target: str) -> NDArray[np.float32]:
    rows = target_rows(target, TRAINING_ROWS).training
    return load(encoder, "cpu").embed(rows.text_a, rows.text_b)


def scores_of(encoder: str, source: str, seed: int, targets: Iterable[str]) -> list[dict[str, Any]]:
    """LogME of targets by what a tuning left: one row a target and kind."""
    from models.esm import ESM
    from models.scorers.fit.logme import logme

    arrays = read_kept(kept_path(encoder, source, seed))
    rows = []
    for target in targets:
        taught = target_rows(target, TRAINING_ROWS).training
        base = _base_features(encoder, target)
        for kind in KINDS:
            if kind == "tuned":
                features = arrays[f"features.{target}"].astype(np.float32)
            else:
                parts = {
                    name.removeprefix(f"{kind}."): array
                    for name, array in arrays.items()
                    if name.startswith(f"{kind}.")
                }
                features = ESM.from_arrays(parts).apply(base)
            score = logme(features, taught.labels, taught.task)
            rows.append(
                {"kind": kind, "source": source, "seed": seed, "target": target, "score": round(score, 8)}
            )
    return rows


def summary(scores: pl.DataFrame, truth: pl.DataFrame) -> list[dict[str, Any]]:
    """Put scores and results together.

    Parameters
    ----------
    scores
        ``kind``, ``source``, ``seed``, ``target``, ``score``.
    truth
        ``source``, ``target``, ``seed``, ``score``.

    Returns
    -------
    list of dict
        One a kind: the mean correlations of the module's text (None where there is no such pair of seeds), and over
        how many targets and pairs of seeds.
    """
    found = []
    for (kind,), of_kind in scores.sort("kind").group_by("kind", maintain_order=True):
        between: list[float] = []
        runs: dict[bool, list[float]] = {True: [], False: []}
        for (target,), one in of_kind.sort("target").group_by("target", maintain_order=True):
            wide = _wide(one)
            real = _wide(truth.filter(pl.col("target") == target))
            between += _present(_agreement(wide[a], wide[b]) for a, b in permutations(sorted(wide), 2))
            for told in sorted(wide):
                for seen in sorted(real):
                    runs[told == seen] += _present([_agreement(wide[told], real[seen])])
        found.append(
            {
                "kind": kind,
                "targets": of_kind["target"].n_unique(),
                "seeds": sorted(of_kind["seed"].unique().to_list()),
                "between_seeds": _mean(between),
                "same_run": _mean(runs[True]),
                "other_run": _mean(runs[False]),
            }
        )
    return found


def _wide(frame: pl.DataFrame) -> dict[int, dict[str, float]]:
    wide: dict[int, dict[str, float]] = {}
    for row in frame.iter_rows(named=True):
        wide.setdefault(row["seed"], {})[row["source"]] = row["score"]
    return wide


def _agreement(a: dict[str, float], b: dict[str, float]) -> float | None:
    """Spearman's correlation over the sources that both have; None for few, or where one tells none apart."""
    both = sorted(a.keys() & b.keys())
    first, second = [a[name] for name in both], [b[name] for name in both]
    if len(both) < _FEWEST_SOURCES or len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return float(spearmanr(first, second).statistic)


def _present(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def main(arguments: list[str] | None = None) -> None:
    """Score what is kept, and put it together with the matrix."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.noise", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    asked = parser.parse_args(arguments)
    columns = ("kind", "source", "seed", "target", "score")
    table = GrowingTable(HERE / f"{asked.encoder}_noise_scores.csv", columns, columns[:4])
    done = table.keys()
    for source in SOURCES:
        for seed in range(1, _MOST_SEEDS):
            if not kept_path(asked.encoder, source, seed).exists():
                continue
            # All of a target's rows are written together; the last kind tells that they are there.
            targets = [
                name
                for name in TARGETS
                if (KINDS[-1], source, str(seed), name) not in done and not share_texts(source, name)
            ]
            for row in scores_of(asked.encoder, source, seed, targets) if targets else []:
                if tuple(str(row[name]) for name in columns[:4]) not in done:
                    table.append(row)
    scores = pl.read_csv(table.path)
    truth = pl.read_csv(HERE / f"{asked.encoder}.csv").filter(pl.col("training_rows") == TRAINING_ROWS)
    found = summary(scores, truth)
    out = HERE / f"{asked.encoder}_noise.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(pl.DataFrame(found, infer_schema_length=None))


if __name__ == "__main__":
    main()
