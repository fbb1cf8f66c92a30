"""``python -m benchmarks.transfer.choose``: which setting of the default scorer the other targets would have chosen.

For every target the candidate with the least mean regret on all *other* targets is taken (regret@1, @3 and @5 alike;
a single one is too coarse), and judged on this one. ``ENCODER_choice.csv`` has a row a target and candidate, with
``chosen`` where it is the others' choice; the candidate ``leave_one_out`` is that choice, and the target ``all`` the
mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.transfer.encoders import ENCODERS
from features.evaluation import evaluate

__all__ = ["CHOSEN_BY_OTHERS", "main", "table_of"]

HERE = Path(__file__).parent
CHOSEN_BY_OTHERS = "leave_one_out"
MEASURES = ("regret@1", "regret@3", "regret@5", "kendall", "gain")


def table_of(
    per_target: dict[str, Any],
    candidates: list[str],
    without: Mapping[str, dict[str, Any]] | None = None,
) -> pl.DataFrame:
    """One row a target and candidate.

    Parameters
    ----------
    per_target
        As ``springboard evaluate --json`` gives it.
    candidates
        Scorers that every target has.
    without
        Target -> the same of the other targets, had it never been, by which they choose for it. It takes that where a
        candidate goes by what other targets gained; ``per_target`` serves for the rest.

    Raises
    ------
    ValueError
        There are fewer than two targets that have all candidates.
    """
    targets = [name for name, one in per_target.items() if all(c in one["scorers"] for c in candidates)]
    targets = [
        name
        for name in targets
        if all(per_target[name]["scorers"][c].get("regret@5") is not None for c in candidates)
    ]
    if len(targets) < 2:
        raise ValueError(f"it takes two targets that all of {', '.join(candidates)} ranked")
    rows = []
    for target in targets:
        others = without[target] if without else per_target
        costs = {c: sum(_regret(others[t]["scorers"][c]) for t in targets if t != target) for c in candidates}
        chosen = min(candidates, key=lambda c: (costs[c], candidates.index(c)))
        for name in candidates:
            rows.append(_row(target, name, per_target[target]["scorers"][name], chosen=name == chosen))
        rows.append(_row(target, CHOSEN_BY_OTHERS, per_target[target]["scorers"][chosen], chosen=False))
    table = pl.DataFrame(rows)
    means = (
        table.group_by("candidate", maintain_order=True)
        .agg(pl.col(*MEASURES).mean(), pl.col("chosen").sum().cast(pl.Float64) / len(targets))
        .with_columns(target=pl.lit("all"))
    )
    return pl.concat([table.with_columns(pl.col("chosen").cast(pl.Float64)), means.select(table.columns)])


def _regret(measures: dict[str, float]) -> float:
    return measures["regret@1"] + measures["regret@3"] + measures["regret@5"]


def _row(target: str, name: str, measures: dict[str, float], *, chosen: bool) -> dict[str, Any]:
    return {
        "target": target,
        "candidate": name,
        **{one: float(measures[one]) for one in MEASURES},
        "chosen": chosen,
    }


def main(arguments: list[str] | None = None) -> None:
    """Write the table and print its means."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.choose", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument(
        "candidates",
        nargs="*",
        help="scorers; else LogME with and without an intercept, on ESMs of every rank",
    )
    asked = parser.parse_args(arguments)
    tables = (HERE / f"{asked.encoder}.csv", HERE / f"{asked.encoder}_predictions.csv")
    found = evaluate(*tables, must_match=False, resamples=1)
    candidates = asked.candidates or sorted(name for name in found["scorers"] if "centred@rank" in name)
    table = table_of(found["per_target"], candidates)
    table.write_csv(HERE / f"{asked.encoder}_choice.csv", float_precision=4)
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=2, tbl_hide_column_data_types=True
    ):
        print(table.filter(pl.col("target") == "all").sort("regret@5"))
        print(table.filter(pl.col("chosen") == 1).select("target", "candidate"))


if __name__ == "__main__":
    main()
