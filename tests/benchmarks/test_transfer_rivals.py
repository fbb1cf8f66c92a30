"""Two rankings joined into one: by reciprocal rank fusion, and in turn; and what a target's own results may say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.transfer.rivals import fused, interleaved, judged, popularities


def _rows(
    scorer: str, direction: str, scores: dict[str, float | None], target: str = "t"
) -> list[dict[str, object]]:
    return [
        {
            "scorer": scorer,
            "source": source,
            "target": target,
            "score": score,
            "direction": direction,
            "bytes": 1,
        }
        for source, score in scores.items()
    ]


def test_ranks_are_joined_whichever_way_a_scorer_counts() -> None:
    rows = _rows("plain", "higher", {"a": 0.9, "b": 0.5, "c": 0.1}) + _rows(
        "apart", "lower", {"a": 3.0, "b": 1.0, "c": 2.0}
    )
    joined = fused(pl.DataFrame(rows), "plain", "apart")
    found = dict(joined.select("source", "score").rows())
    # plain ranks a, b, c; apart, of which less is better, b, c, a.
    assert found == pytest.approx({"a": 1 / 61 + 1 / 63, "b": 1 / 62 + 1 / 61, "c": 1 / 63 + 1 / 62})
    assert set(joined["scorer"]) == {"plain & apart"}
    assert set(joined["direction"]) == {"higher"}


def test_each_target_has_ranks_of_its_own_and_what_one_did_not_score_is_left_out() -> None:
    rows = _rows("plain", "higher", {"a": 1.0, "b": 1.0, "c": None}) + _rows(
        "plain", "higher", {"a": 5.0}, "u"
    )
    rows += _rows("apart", "higher", {"a": 1.0, "b": 2.0, "c": 9.0}) + _rows(
        "apart", "higher", {"a": 0.0}, "u"
    )
    joined = fused(pl.DataFrame(rows), "plain", "apart").sort("target", "source")
    assert joined.select("target", "source").rows() == [("t", "a"), ("t", "b"), ("u", "a")]
    # Ties share their mean rank.
    assert joined["score"].to_list() == pytest.approx([1 / 61.5 + 1 / 62, 1 / 61.5 + 1 / 61, 2 / 61])


def test_two_scorers_name_a_source_in_turn_and_none_twice() -> None:
    rows = _rows("plain", "higher", {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}) + _rows(
        "apart", "lower", {"a": 2.0, "b": 4.0, "c": 3.0, "d": 1.0}
    )
    joined = interleaved(pl.DataFrame(rows), "plain", "apart").sort("score", descending=True)
    # plain says a; apart says d; plain says b; apart, whose next two are named already, has c at its third.
    assert joined["source"].to_list() == ["a", "d", "b", "c"]
    assert joined["score"].to_list() == [-1.0, -2.0, -3.0, -5.0]
    assert set(joined["scorer"]) == {"plain | apart"}
    other_way = interleaved(pl.DataFrame(rows), "apart", "plain").sort("score", descending=True)
    assert other_way["source"].to_list() == ["d", "a", "b", "c"]


_GAINS = {
    "t": {"a": 0.1, "b": 0.0, "c": 0.0},
    "u": {"a": 0.0, "b": 0.2, "c": 0.0},
    "v": {"a": 0.0, "b": 0.0, "c": 0.3},
}


def _truth(folder: Path) -> Path:
    rows = [
        {"source": source, "target": target, "seed": seed, "score": 0.5 + gain}
        for target, gains in _GAINS.items()
        for source, gain in {"none": 0.0, **gains}.items()
        for seed in (1, 2)
    ]
    path = folder / "truth.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def test_popularity_is_what_a_source_gained_on_other_targets(tmp_path: Path) -> None:
    found = popularities(_truth(tmp_path))
    scores = dict(found.filter(target="t").select("source", "score").rows())
    assert scores == pytest.approx({"a": 0.0, "b": 0.1, "c": 0.15})
    assert set(found["scorer"]) == {"source_popularity"}


def test_what_is_judged_without_a_target_knows_nothing_of_it(tmp_path: Path) -> None:
    truth = _truth(tmp_path)
    predictions = pl.DataFrame(
        [row for t in _GAINS for row in _rows("plain", "higher", {"a": 3, "b": 2, "c": 1}, t)]
    )
    with_all = judged(truth, predictions, "plain", ["source_popularity"])
    without_v = judged(truth, predictions, "plain", ["source_popularity"], without="v")
    assert set(with_all) == set(_GAINS)
    assert set(without_v) == {"t", "u"}
    assert {"plain", "plain & source_popularity", "plain | source_popularity"} <= set(
        with_all["t"]["scorers"]
    )
    # On t it was v that made c the first; without v it is b, by u.
    assert with_all["t"]["scorers"]["source_popularity"]["top"][0] == "c"
    assert without_v["t"]["scorers"]["source_popularity"]["top"][0] == "b"
