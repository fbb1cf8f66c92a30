"""Rank against size, held-out fit and the order of the pool: every source's ESM at every rank, on every target."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.esm.pool import FOLDS, Made
from benchmarks.esm.scaled import around_scaled_identity
from benchmarks.texts import datasets_folder
from models.esm import ESM, Moments, esm_bytes, fit_esm, fit_with_curve

__all__ = ["AUTO", "PARAMETERS", "RANKS", "agreement", "between_halves", "measure_pool", "table"]

RANKS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 64, 128)
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
AUTO = (0.1, 0.05, 0.02)
"""Tolerances of ``rank: auto``, within the default budget of bytes."""

AUTO_BYTES = 32_768
SCALED = (10, 16, 20)
"""Ranks of the maps around a scaled identity, see :mod:`benchmarks.esm.scaled`."""

PARAMETERS = 22_713_216
"""Of all-MiniLM-L6-v2, its pooler included and its table of positions' numbers (512, no weights) not."""

FULL = "full"
HALVED = {FULL: None, "16": 16}
_HALF = "half "


def measure_pool(sources: Sequence[Made], targets: Sequence[Made]) -> dict[str, Any]:
    """LogME of every source at every rank on every target, and the maps' held-out figures.

    Maps of a rank go through half precision, as they are stored; the full map that they are compared with stays
    in double precision.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        maps = {one.name: _maps(one) for one in sources}
        kinds = list(maps[sources[0].name])
        shared = _shared()
        scores: dict[str, dict[str, dict[str, float]]] = {}
        for target in targets:
            pool = [one.name for one in sources if (one.name, target.name) not in shared]
            scores[target.name] = {
                kind: {name: _score(maps[name][kind], target) for name in pool} for kind in kinds
            }
    figures = {
        name: {
            kind: {
                "rank": esm.rank,
                "strength": esm.strength,
                "r2": esm.heldout_r2,
                "error": esm.heldout_error,
                "identity_error": esm.identity_error,
            }
            for kind, esm in found.items()
        }
        for name, found in maps.items()
    }
    return {"figures": figures, "scores": scores, "sources": {one.name: one.facts for one in sources}}


def agreement(found: dict[str, Any], kind: str, beside: str = FULL) -> list[dict[str, Any]]:
    """How a kind of map orders the pool beside another, the full maps; one record a target."""
    from scipy.stats import kendalltau, spearmanr

    records = []
    for target, by_kind in found["scores"].items():
        names = list(by_kind[beside])
        full, other = (np.array([by_kind[one][name] for name in names]) for one in (beside, kind))
        leading = int(full.argmax())
        records.append(
            {
                "target": target,
                "spearman": float(spearmanr(full, other).statistic),
                "kendall": float(kendalltau(full, other).statistic),
                "place_of_full_leader": int((other > other[leading]).sum()) + 1,
            }
        )
    return records


def between_halves(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """How far maps of one kind agree when fitted to two halves of each source's rows: what an order can be held to."""
    return {kind: agreement(found, f"{_HALF}0 {kind}", f"{_HALF}1 {kind}") for kind in HALVED}


def table(found: dict[str, Any], dim: int, folder: Path | None) -> list[dict[str, Any]]:
    """One row a rank, then the choices of ``auto``; written to ``folder/esm_ranks.csv`` where one is given."""
    kinds = [kind for kind in next(iter(found["figures"].values())) if not kind.startswith(_HALF)]
    rows = [_row(found, kind, dim) for kind in kinds]
    if folder is not None:
        with (folder / "esm_ranks.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return rows


def _row(found: dict[str, Any], kind: str, dim: int) -> dict[str, Any]:
    figures = [by_kind[kind] for by_kind in found["figures"].values()]
    size = float(np.mean([esm_bytes(dim, figure["rank"]) for figure in figures]))
    agreed = agreement(found, kind)
    spearman, kendall = (np.array([one[name] for one in agreed]) for name in ("spearman", "kendall"))
    gained = [1 - figure["error"] / figure["identity_error"] for figure in figures]
    return {
        "rank": kind,
        "mean_rank": round(float(np.mean([figure["rank"] for figure in figures])), 2),
        "bytes": round(size),
        "times_smaller_equal_precision": round(2 * PARAMETERS / size, 1),
        "times_smaller_stored_precision": round(4 * PARAMETERS / size, 1),
        "heldout_r2_median": round(float(np.median([figure["r2"] for figure in figures])), 4),
        "heldout_r2_least": round(min(figure["r2"] for figure in figures), 4),
        "error_below_identity_median": round(float(np.median(gained)), 4),
        "spearman_mean": round(float(spearman.mean()), 4),
        "spearman_least": round(float(spearman.min()), 4),
        "kendall_mean": round(float(kendall.mean()), 4),
        "kendall_least": round(float(kendall.min()), 4),
        "leader_kept": sum(one["place_of_full_leader"] == 1 for one in agreed),
        "targets": len(agreed),
    }


def _maps(source: Made) -> dict[str, ESM]:
    moments = Moments.from_pairs(source.base, source.tuned, source.folds, FOLDS)
    # As they come back from disk.
    moments = Moments.from_arrays(moments.to_arrays())
    made: dict[str, ESM] = {}
    for rank in (rank for rank in RANKS if rank < moments.dim):
        made[str(rank)] = _stored(fit_with_curve(moments, rank=rank, strengths=STRENGTHS).esm)
    made[FULL] = fit_with_curve(moments, rank=None, strengths=STRENGTHS).esm
    for tolerance in AUTO:
        auto = fit_with_curve(
            moments, rank="auto", strengths=STRENGTHS, max_bytes=AUTO_BYTES, tolerance=tolerance
        )
        made[f"auto {tolerance:g}"] = _stored(auto.esm)
    for rank in SCALED:
        strength = made[str(rank)].strength
        scaled = around_scaled_identity(source.base, source.tuned, source.folds, rank, strength)
        made[f"scaled {rank}"] = _stored(scaled)
    for half, mine in enumerate((source.folds < FOLDS // 2, source.folds >= FOLDS // 2)):
        folds = np.arange(int(mine.sum())) % FOLDS
        part = Moments.from_pairs(source.base[mine], source.tuned[mine], folds, FOLDS)
        for kind, rank in HALVED.items():
            made[f"{_HALF}{half} {kind}"] = fit_esm(part, rank=rank, strengths=STRENGTHS)
    return made


def _stored(esm: ESM) -> ESM:
    return ESM.from_arrays(esm.to_arrays())


def _score(esm: ESM, target: Made) -> float:
    from models.scorers.fit.logme import logme

    features: NDArray[Any] = esm.apply(target.base.astype(np.float64))
    return logme(features, target.labels, target.task)


def _shared() -> set[tuple[str, str]]:
    """Pairs of datasets that share texts, both ways round."""
    groups: dict[str, list[str]] = {}
    with (datasets_folder() / "overlap_groups.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            groups.setdefault(row["group"], []).append(row["slug"])
    pairs = {(a, b) for slugs in groups.values() for a in slugs for b in slugs}
    with (datasets_folder() / "overlap_measured.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            pairs |= {(row["slug_a"], row["slug_b"]), (row["slug_b"], row["slug_a"])}
    return pairs
