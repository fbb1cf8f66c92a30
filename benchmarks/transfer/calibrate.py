"""``python -m benchmarks.transfer.calibrate``: whether expected gains keep their word on targets they never saw.

Every target is held out once, and each method is told all the others. ``ENCODER_calibration.csv`` has a row a
method and target, and one a method over all (target ``all``). Gains are measured ones, means over seeds: the
intervals are for such a mean, so that its noise (``noise``) is within what they have to hold.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.transfer.encoders import ENCODERS
from benchmarks.transfer.evidence import read_matrix
from features.calibration.evidence import PastTransfer, read_evidence
from features.calibration.expecting import evidence_arrays
from features.calibration.known import Known
from models.calibration import METHODS, Evidence, HeldOut, hold_out, targets_needed
from models.calibration.holdout import wilson

__all__ = ["main", "table_of"]

HERE = Path(__file__).parent


def table_of(
    transfers: list[PastTransfer], coverage: float, methods: list[str] | None = None
) -> pl.DataFrame:
    """Hold out every target with every method.

    Columns: those of :class:`models.calibration.TargetCheck`, and ``gain_of_first``, the measured gain of the source
    that a method expects most of, beside ``gain_of_score`` of the one with the best score, and ``gain_of_best``.
    """
    known = sorted(
        (Known(one.source, one.target, one, reported=False) for one in transfers),
        key=lambda one: (one.target, one.source, one.transfer.target_rows),
    )
    evidence = evidence_arrays(known)
    names = sorted({one.target for one in known})
    rows: list[dict[str, Any]] = []
    for method in methods or list(METHODS):
        held = hold_out(evidence, method, coverage)
        of_targets = [
            {**asdict(one), "target": names[one.target], **_choices(evidence, held, one.target)}
            for one in held.checks
        ]
        for row in [*of_targets, _over_all(of_targets)]:
            rows.append({"method": method, "coverage": coverage, **row})
    return pl.DataFrame(rows)


def _choices(evidence: Evidence, held: HeldOut, target: int) -> dict[str, float]:
    mine = evidence.pairs.targets == target
    gains, lift = evidence.gains[mine], evidence.pairs.features[mine, 0]
    expected = held.gains.expected[mine]
    # Of equal ones any: what the method that tells none apart would draw.
    return {
        "gain_of_first": float(gains[expected >= expected.max() - 1e-9].mean()),
        "gain_of_score": float(gains[np.argmax(lift)]),
        "gain_of_best": float(gains.max()),
    }


def _over_all(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over targets; Wilson's interval with a target as one draw."""
    names = [name for name in rows[0] if name != "target"]
    of_all: dict[str, Any] = {}
    for name in names:
        values = [row[name] for row in rows if row[name] is not None]
        of_all[name] = float(np.mean(values)) if values else None
    low, high = wilson(of_all["covered"] * len(rows), len(rows))
    whole = sum(row["pairs"] for row in rows)
    return {"target": "all", **of_all, "pairs": whole, "covered_low": low, "covered_high": high}


def main(arguments: list[str] | None = None) -> None:
    """Write the table and print its last rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.calibrate", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--evidence", type=Path, help="a file of evidence, in place of the committed tables")
    parser.add_argument("--coverage", type=float, default=0.8, help="of the intervals")
    parser.add_argument("--method", action="append", choices=list(METHODS), help="only this; may come again")
    parser.add_argument("--out", type=Path, help="else ENCODER_calibration.csv")
    asked = parser.parse_args(arguments)
    transfers = read_evidence(asked.evidence) if asked.evidence else read_matrix(asked.encoder)
    targets = len({one.target for one in transfers})
    needed = targets_needed(asked.coverage) + 1
    if targets < needed:
        raise SystemExit(f"there are pairs of {targets} targets; to hold one out it takes {needed}")
    table = table_of(transfers, asked.coverage, asked.method)
    table.write_csv(asked.out or HERE / f"{asked.encoder}_calibration.csv", float_precision=4)
    shown = ("method", "pairs", "covered", "covered_low", "covered_high", "width", "correlation", "error",
             "error_of_zero", "error_of_mean", "noise", "gain_of_first", "gain_of_score", "gain_of_best")  # fmt: skip
    with pl.Config(
        tbl_cols=-1, tbl_rows=-1, tbl_width_chars=220, float_precision=2, tbl_hide_column_data_types=True
    ):
        print(table.filter(pl.col("target") == "all").select(shown))


if __name__ == "__main__":
    main()
