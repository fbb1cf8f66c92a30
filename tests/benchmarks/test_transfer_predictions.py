"""The file of predictions, which several commands write to."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.transfer.predictions import SCHEMA, write_predictions


def _frame(*rows: tuple[str, str, str, float | None]) -> pl.DataFrame:
    return pl.DataFrame([(*row, "higher", 1.5, 10) for row in rows], schema=SCHEMA, orient="row")


def test_scores_of_the_same_scorer_make_way_and_all_others_stay(tmp_path: Path) -> None:
    place = tmp_path / "tiny_predictions.csv"
    write_predictions("tiny", _frame(("logme", "b", "t", 0.25), ("logme", "a", "t", 0.5)), tmp_path)
    write_predictions("tiny", _frame(("other", "a", "t", None)), tmp_path)
    write_predictions("tiny", _frame(("logme", "a", "t", -1.0)), tmp_path)
    assert pl.read_csv(place, schema=SCHEMA).select("scorer", "source", "score").rows() == [
        ("logme", "a", -1.0),
        ("other", "a", None),
    ]
    assert not list(tmp_path.glob("*.part"))
