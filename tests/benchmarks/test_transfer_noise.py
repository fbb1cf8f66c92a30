"""How steady scores are between tunings, on made-up scores and results."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.transfer.noise import summary

_NAMES = ["a", "b", "c", "d", "e"]


def _scores(orders: dict[int, list[int]], target: str = "t", kind: str = "esm") -> pl.DataFrame:
    rows = [
        (kind, name, seed, target, float(value))
        for seed, values in orders.items()
        for name, value in zip(_NAMES, values, strict=True)
    ]
    return pl.DataFrame(rows, schema=["kind", "source", "seed", "target", "score"], orient="row")


def test_a_score_that_sees_its_own_run_agrees_with_that_run_and_no_other() -> None:
    up, mixed = [1, 2, 3, 4, 5], [2, 1, 5, 3, 4]
    scores = _scores({1: up, 2: mixed})
    truth = _scores({1: up, 2: mixed}).drop("kind")
    (found,) = summary(scores, truth)
    # Spearman of up and mixed, by hand: d = -1, 1, -2, 1, 1, so 1 - 6 * 8 / (5 * 24).
    assert found["between_seeds"] == pytest.approx(0.6)
    assert found["same_run"] == pytest.approx(1.0)
    assert found["other_run"] == pytest.approx(0.6)
    assert found["seeds"] == [1, 2]


def test_each_kind_is_told_apart_and_targets_are_averaged() -> None:
    up, down = [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]
    scores = pl.concat([_scores({0: up}, "t"), _scores({0: up}, "u"), _scores({0: down}, "t", "tuned")])
    truth = pl.concat([_scores({1: up}, "t"), _scores({1: down}, "u")]).drop("kind")
    esm, tuned = summary(scores, truth)
    assert (esm["kind"], esm["targets"], esm["other_run"]) == ("esm", 2, pytest.approx(0.0))
    assert (tuned["kind"], tuned["targets"], tuned["other_run"]) == ("tuned", 1, pytest.approx(-1.0))


def test_what_cannot_be_said_is_none() -> None:
    level = [1, 1, 1, 1, 1]
    (found,) = summary(_scores({1: level}), _scores({1: [1, 2, 3, 4, 5]}).drop("kind"))
    assert found["between_seeds"] is None
    assert found["same_run"] is None
    few = _scores({1: [1, 2, 3, 4, 5], 2: [1, 2, 3, 4, 5]}).filter(pl.col("source").is_in(["a", "b", "c"]))
    (found,) = summary(few, few.drop("kind"))
    assert found["between_seeds"] is None
