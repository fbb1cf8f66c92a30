"""Expected gains in rankings: where there is evidence, what moves them, and what they leave as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team, change_params, refresh

from features.artefacts.keys import RECIPES, content_hash
from features.artefacts.plan import Plan
from features.calibration.known import standing_of
from features.feedback import Report, record_feedback, withdraw_feedback
from features.publishing import open_store, publish_ranking, rebuild_store
from features.rankings import freshness, shown_ranking
from features.rankings.history import RankingLedger
from features.rankings.pool import Pool
from features.rankings.ranking import _IDENTITY, GAIN_FIELDS, order_id, ranking_id, read_ranking
from features.workspace import Workspace

Give = Callable[..., Plan]


def _shown(workspace: Workspace, target: str = "t1", scorer: str = "logme") -> dict[str, Any]:
    shown = shown_ranking(workspace, target, scorer, Plan(workspace).encoder)
    assert shown is not None
    return shown


def _gains(shown: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    return {row["source"]: tuple(row[name] for name in GAIN_FIELDS) for row in shown["ranking"]}


def test_without_evidence_rankings_are_what_they_were(team: Team) -> None:
    shown = _shown(team.workspace)
    stored = read_ranking(team.workspace.folder("rankings"), shown["ranking_id"])
    assert not any(name in row for row in stored["ranking"] for name in GAIN_FIELDS)
    assert "calibration" not in stored
    plain = {"recipe": RECIPES["ranking"], **{name: stored[name] for name in _IDENTITY}}
    assert shown["ranking_id"] == content_hash(plain) == order_id(stored)
    assert shown["calibration"] is None
    assert set(_gains(shown).values()) == {(None, None, None)}
    assert shown["advice"].startswith(
        "No expected gains: that takes results of past transfers on at least 4 targets"
    )
    strict = change_params(team.workspace, calibration={"coverage": 0.9})
    assert "at least 9 targets, for intervals that hold 90%" in _shown(strict)["advice"]


def test_too_few_targets_change_nothing(team: Team, give_evidence: Give) -> None:
    before = _shown(team.workspace)["ranking_id"]
    plan = give_evidence(targets=3)
    assert Pool(plan).calibration_key("logme") is None
    assert not freshness(plan)[0].is_stale
    assert refresh(team.workspace, "t1") is None
    refresh(team.workspace, "t1", force=True)
    assert _shown(team.workspace)["ranking_id"] == before


def test_evidence_makes_a_ranking_stale_and_a_refresh_adds_gains_without_a_change_of_ranks(
    team: Team, give_evidence: Give
) -> None:
    before = _shown(team.workspace)
    plan = give_evidence()
    stale = freshness(plan)[0]
    assert (stale.is_stale, stale.reason) == (True, "there is other evidence of past transfers")
    done = refresh(team.workspace, "t1")
    assert done is not None
    assert (done.changed, done.recalibrated, done.computed) == (False, True, 0)
    shown = _shown(team.workspace)
    assert shown["ranking_id"] != before["ranking_id"]
    keep = ("rank", "source", "score", "stderr", "tier", "previous_rank")
    assert [[row[k] for k in keep] for row in shown["ranking"]] == [
        [row[k] for k in keep] for row in before["ranking"]
    ]
    # The ranking before is no earlier one to have moved from.
    assert shown["previous_ranking_id"] is None
    gains = _gains(shown)
    assert all(low <= expected <= high for expected, low, high in gains.values())
    assert gains["s2"][0] > 2.5 > 0 > gains["s1"][0]
    about = shown["calibration"]
    assert (about["targets"], about["sources"], about["pairs"], about["reported_pairs"]) == (6, 3, 18, 0)
    assert (about["unit"], about["coverage"], about["target_rows"]) == ("points", 0.8, [40, 40])
    assert about["held_out_coverage_low"] <= about["held_out_coverage"] <= about["held_out_coverage_high"]
    assert "s2" in shown["advice"]
    assert refresh(team.workspace, "t1") is None
    assert not freshness(plan)[0].is_stale


def test_the_same_evidence_gives_the_same_ranking_id_elsewhere(
    team: Team, give_evidence: Give, tmp_path: Path, copy_of: Callable[[Workspace, Path], Workspace]
) -> None:
    from features.calibration import expecting

    give_evidence()
    other = copy_of(team.workspace, tmp_path / "elsewhere")
    refresh(team.workspace, "t1")
    expecting._fitted.clear()
    refresh(other, "t1")
    assert _shown(other)["ranking_id"] == _shown(team.workspace)["ranking_id"]


def test_a_changed_gain_is_noticed(team: Team, give_evidence: Give) -> None:
    give_evidence()
    done = refresh(team.workspace, "t1")
    assert done is not None
    ranking = done.ranking
    for change in ({"calibration": {**ranking["calibration"], "targets": 60}}, {"calibration": None}):
        assert ranking_id({**ranking, **change}) != ranking["ranking_id"]
    row = {**ranking["ranking"][0], "gain_low": 1.0}
    assert ranking_id({**ranking, "ranking": [row, *ranking["ranking"][1:]]}) != ranking["ranking_id"]


def test_feedback_moves_the_gains_and_withdrawing_it_moves_them_back(team: Team, give_evidence: Give) -> None:
    give_evidence()
    refresh(team.workspace, "t1")
    before = _shown(team.workspace)
    record_feedback(Plan(team.workspace), [Report("t1", "s1", "0.50", "0.60")])
    stale = freshness(Plan(team.workspace))[0]
    assert (stale.is_stale, stale.reason) == (True, "there are new transfer results")
    done = refresh(team.workspace, "t1")
    assert done is not None
    assert (done.changed, done.recalibrated) == (False, True)
    after = _shown(team.workspace)
    about = after["calibration"]
    assert (about["targets"], about["pairs"], about["reported_pairs"]) == (7, 19, 1)
    # A bad result on this very target makes all sources look worse there.
    assert all(_gains(after)[name][0] < _gains(before)[name][0] for name in ("s1", "s2", "s3"))
    withdraw_feedback(Plan(team.workspace), "t1", "s1")
    refresh(team.workspace, "t1")
    assert _shown(team.workspace)["ranking_id"] == before["ranking_id"]


def test_a_report_is_evidence_as_the_ranking_of_its_time_saw_the_pair(
    team: Team, give_evidence: Give
) -> None:
    give_evidence()
    refresh(team.workspace, "t1")
    shown = _shown(team.workspace)
    reports = [Report("t1", "s3", score, "0.50", seed=seed) for score, seed in (("0.52", "1"), ("0.56", "2"))]
    record_feedback(Plan(team.workspace), reports)
    # Nothing was ranked of t2, so that nobody knows what the scores said.
    record_feedback(Plan(team.workspace), [Report("t2", "s3", "0.9", "0.50")])
    known = [one for one in Pool(Plan(team.workspace)).expecting._known.all if one.reported]
    (one,) = known
    row = next(row for row in shown["ranking"] if row["source"] == "s3")
    told = one.transfer
    assert (one.source, one.target, told.seeds) == ("s3", "t1", 2)
    assert told.gain == pytest.approx(4.0)
    assert told.gain_stderr == pytest.approx(2.0)
    assert told.lift == pytest.approx(row["score"] - shown["base_score"]["score"])
    assert told.standing == standing_of(row["rank"], 3)
    assert (told.source_rows, told.target_rows) == (40, 40)
    assert told.nearness is not None
    assert -1 <= told.nearness <= 1


def test_a_report_without_its_ranking_takes_nothing_away(team: Team, give_evidence: Give) -> None:
    give_evidence()
    refresh(team.workspace, "t1")
    folder = team.workspace.folder("rankings")
    (kept,) = [path for path in folder.iterdir() if _shown(team.workspace)["ranking_id"] in path.name]

    def known() -> list[tuple[str, float, int]]:
        found = Pool(Plan(team.workspace)).expecting._known.all
        return [
            (one.source, round(one.transfer.gain, 6), one.transfer.seeds) for one in found if one.reported
        ]

    record_feedback(Plan(team.workspace), [Report("t1", "s3", "0.52", "0.50", seed="1")])
    away = kept.rename(team.workspace.root / "away")  # As in a clone that has not pulled.
    record_feedback(Plan(team.workspace), [Report("t1", "s3", "0.56", "0.50", seed="2")])
    record_feedback(Plan(team.workspace), [Report("t1", "s1", "0.51", "0.50")])
    assert known() == []
    away.rename(kept)
    # What the ranking said of them can be read by now; with it both runs of s3 count.
    assert known() == [("s1", 1.0, 1), ("s3", 4.0, 2)]
    other = change_params(team.workspace, ranking={"scorer": "hscore"})
    record_feedback(Plan(other), [Report("t1", "s3", "0.62", "0.50", seed="3")])
    change_params(team.workspace, ranking={"scorer": "logme"})
    assert known() == [("s1", 1.0, 1), ("s3", 6.666667, 3)]


@pytest.mark.parametrize(
    "field", [{"encoder": "0" * 32}, {"scorer": "hscore"}, {"settings": '{"center": false}'}], ids=str
)
def test_evidence_of_another_encoder_or_score_is_not_used(
    team: Team, give_evidence: Give, field: dict[str, str]
) -> None:
    plan = give_evidence(**field)
    assert Pool(plan).calibration_key("logme") is None
    assert not freshness(plan)[0].is_stale


def test_settings_move_gains_and_other_scorers_have_none(team: Team, give_evidence: Give) -> None:
    give_evidence(targets=9)
    refresh(team.workspace, "t1")
    narrow = _gains(_shown(team.workspace))
    workspace = change_params(team.workspace, calibration={"coverage": 0.9, "method": "linear"})
    assert freshness(Plan(workspace))[0].is_stale
    refresh(workspace, "t1")
    wide = _gains(_shown(workspace))
    assert sum(high - low for _, low, high in wide.values()) > sum(
        high - low for _, low, high in narrow.values()
    )
    refresh(workspace, "t1", "hscore")
    shown = _shown(workspace, scorer="hscore")
    assert shown["calibration"] is None
    assert shown["advice"] == "No expected gains: they go by the default scorer (logme), and this is another."
    assert set(_gains(shown).values()) == {(None, None, None)}


def test_lost_evidence_leaves_a_ranking_without_gains_that_evidence_found_again_mends(
    team: Team, give_evidence: Give
) -> None:
    give_evidence()
    refresh(team.workspace, "t1")
    first = _shown(team.workspace)["ranking_id"]
    (kept,) = team.workspace.folder("pools").glob("*.csv")
    content = kept.read_bytes()
    kept.unlink()
    refresh(team.workspace, "t1")
    assert _shown(team.workspace)["calibration"] is None
    kept.write_bytes(content)
    assert freshness(Plan(team.workspace))[0].is_stale
    refresh(team.workspace, "t1")
    assert _shown(team.workspace)["ranking_id"] == first


def test_ranks_that_move_are_held_against_the_last_other_order(team: Team, give_evidence: Give) -> None:
    first = _shown(team.workspace)["ranking_id"]
    give_evidence()
    refresh(team.workspace, "t1")
    workspace = change_params(team.workspace, ranking={"jackknife_groups": 5})
    done = refresh(workspace, "t1")
    assert done is not None
    assert (done.changed, done.recalibrated) == (True, False)
    shown = _shown(workspace)
    lines = RankingLedger(workspace).lines("t1")
    assert [line.get("order_id") for line in lines][:2] == [None, first]
    assert shown["previous_ranking_id"] == lines[1]["ranking_id"]


def test_the_store_serves_gains_and_a_rebuild_gives_the_same(team: Team, give_evidence: Give) -> None:
    plan = give_evidence()
    done = refresh(team.workspace, "t1")
    assert done is not None
    publish_ranking(plan, done)
    shown = _shown(team.workspace)

    def body() -> dict[str, Any]:
        served = open_store(plan).get("ranking", ["t1"])
        return dict(json.loads(served["body"][0]))

    served = body()
    assert _gains(served) == _gains(shown)
    assert served["calibration"] == shown["calibration"]
    assert served["advice"] == shown["advice"]
    rebuild_store(plan)
    assert body() == served
