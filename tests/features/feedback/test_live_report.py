"""The regret of past advice among what was reported, against sums done by hand and by brute force."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feedback import LiveReport, LiveTarget, live_report
from features.feedback.live import _judge, _Tried
from features.registry import Ledger
from features.workspace import Workspace
from models.errors import ArtefactError


def _line(source: str, score: float, rank: int | None, **said: Any) -> dict[str, Any]:
    return {
        "event": "reported",
        "source": source,
        "target": "t",
        "score": score,
        "baseline": 0.5,
        "seed": None,
        "metric": "accuracy",
        "target_version": "v1",
        "ranking_id": "r",
        "scorer": "logme",
        "ranked": 10,
        "rank": rank,
        **said,
    }


def _live(workspace: Workspace, *lines: dict[str, Any]) -> LiveReport:
    ledger = Ledger(workspace.ledgers / "transfers.jsonl")
    for line in lines:
        ledger.append(line)
    return live_report(workspace)


def test_nothing_was_reported(workspace: Workspace) -> None:
    report = live_report(workspace)
    assert (report.targets, report.not_judged, report.gain) == ((), (), None)
    record = report.to_record()
    assert (record["regret@1"], record["judged@1"], record["targets"]) == (None, 0, 0)
    assert "no target with results" in report.note


def test_regret_by_hand(workspace: Workspace) -> None:
    report = _live(
        workspace,
        _line("a", 0.60, 1),
        _line("b", 0.75, 4),
        _line("c", 0.55, 2),
        _line("d", 0.80, 9),
    )
    (one,) = report.targets
    assert (one.target, one.metric, one.tried, one.never_tried) == ("t", "accuracy", 4, 6)
    assert (one.best, one.best_score, one.best_gain) == ("d", 0.8, pytest.approx(30))
    assert (one.top, one.top_rank, one.top_gain) == (("a",), 1, pytest.approx(10))
    assert one.regret == {1: pytest.approx(25.0), 3: pytest.approx(6.25), 5: None}
    assert one.scorers == ("logme",)
    assert "6 ranked sources were never tried" in report.note


def test_seeds_are_averaged_and_the_rank_is_the_one_before_anything_was_known(workspace: Workspace) -> None:
    report = _live(
        workspace,
        _line("a", 0.9, 2, seed=1),
        _line("b", 0.6, 1, seed=1),
        # Later runs came under rankings that might know of the first.
        _line("a", 0.5, 1, seed=2),
        _line("b", 0.6, 7, seed=2),
        _line("b", 0.8, 7, seed=1),
    )
    (one,) = report.targets
    assert (one.best, one.best_score) == ("a", pytest.approx(0.7))
    assert (one.top, one.top_rank) == (("b",), 1)
    # b: 0.8 and 0.6, as much as a.
    assert one.regret[1] == pytest.approx(0.0)


def test_results_of_other_rows_or_another_metric_are_not_compared(workspace: Workspace) -> None:
    report = _live(
        workspace,
        _line("a", 0.9, 1),
        _line("b", 0.8, 2),
        _line("c", 0.1, 1, metric="macro_f1"),
        _line("d", 0.2, 2, metric="macro_f1"),
        _line("e", 0.99, 3, target_version="v2"),
    )
    assert [(one.target_version, one.metric, one.tried) for one in report.targets] == [
        ("v1", "accuracy", 2),
        ("v1", "macro_f1", 2),
        ("v2", "accuracy", 1),
    ]
    assert [one.regret[1] for one in report.targets] == [0.0, pytest.approx(50.0), None]
    assert (report.regret(1), report.judged(1), report.judged(3)) == (pytest.approx(25.0), 2, 0)
    # What the first advised gained, over all three.
    assert report.gain == pytest.approx(100 * (0.4 - 0.4 + 0.49) / 3)
    assert report.to_record()["gained"] == 2


def test_what_no_advice_was_given_on_judges_nothing_and_is_listed(workspace: Workspace) -> None:
    legacy = {"source": "old", "target": "t", "score": 0.99, "baseline": 0.5}
    report = _live(
        workspace,
        legacy,
        _line("early", 0.95, None, ranked=None, ranking_id=None),
        _line("leaky", 0.98, None),
        _line("a", 0.6, 1),
        _line("b", 0.7, 2),
        _line("wrong", 0.1, 1),
        {"event": "withdrawn", "source": "wrong", "target": "t", "seed": None},
    )
    (one,) = report.targets
    assert (one.best, one.tried) == ("b", 2)
    assert one.regret[1] == pytest.approx(100 / 7)
    assert [(left.source, round(left.gain, 2)) for left in report.not_judged] == [
        ("early", 45),
        ("leaky", 48),
        ("old", 49),
    ]
    reasons = {left.source: left.reason for left in report.not_judged}
    assert "left it out" in reasons["leaky"]
    assert "no ranking was in force" in reasons["old"]


def test_the_best_may_be_worth_nothing(workspace: Workspace) -> None:
    report = _live(workspace, _line("a", -0.2, 1), _line("b", -0.1, 2))
    assert report.targets[0].regret == {1: None, 3: None, 5: None}
    assert report.regret(1) is None


def test_as_json_and_as_a_table(workspace: Workspace) -> None:
    report = _live(workspace, _line("a", 0.6, 1), _line("b", 0.8, 2, ranked=3))
    record = json.loads(json.dumps(report.to_record(), allow_nan=False))
    assert (record["targets"], record["tried"], record["never_tried"]) == (1, 2, 8)
    assert (record["regret@1"], record["judged@1"], record["regret@3"]) == (pytest.approx(25.0), 1, None)
    (per,) = record["per_target"]
    assert (per["target"], per["top"], per["best"], per["regret@1"]) == (
        "t",
        ["a"],
        "b",
        pytest.approx(25.0),
    )
    (row,) = report.rows()
    assert len(row) == len(report.columns)
    assert dict(zip(report.columns, row, strict=True))["advised first"] == "a"


def test_a_broken_ledger_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(ArtefactError, match="record 1 of"):
        _live(workspace, {"source": "a", "target": "t"})


def _judged(scores: list[float], ranks: list[int]) -> LiveTarget:
    tried = [
        _Tried(f"s{number}", [score], [score - 0.5], {"rank": rank, "ranked": 9, "scorer": "logme"})
        for number, (score, rank) in enumerate(zip(scores, ranks, strict=True))
    ]
    return _judge(("t", "v", "accuracy"), tried)


@given(
    st.lists(
        st.tuples(st.integers(1, 8).map(lambda value: value / 8), st.integers(1, 4)), min_size=1, max_size=6
    )
)
def test_regret_is_the_mean_over_all_ways_to_break_ties(tried: list[tuple[float, int]]) -> None:
    scores, ranks = [score for score, _ in tried], [rank for _, rank in tried]
    one = _judged(scores, ranks)
    orders = [
        order
        for order in itertools.permutations(range(len(tried)))
        if all(ranks[a] <= ranks[b] for a, b in itertools.pairwise(order))
    ]
    for k, found in one.regret.items():
        if len(tried) <= k:
            assert found is None
            continue
        reached = [max(scores[place] for place in order[:k]) for order in orders]
        expected = 100 * (max(scores) - sum(reached) / len(reached)) / max(scores)
        assert found == pytest.approx(expected, abs=1e-9)
    firsts = [100 * (scores[order[0]] - 0.5) for order in orders]
    assert one.top_gain == pytest.approx(sum(firsts) / len(firsts))
