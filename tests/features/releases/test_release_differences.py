"""Which ranks moved between two releases, and for which cause: one cause at a time, each told as what it is."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from support.releases import Story, rank_by_hand, register_target, seal
from support.workspaces import change_params

from features.artefacts.batches import Batches
from features.artefacts.plan import Plan
from features.rankings.scoring import SCORES
from features.registry import Entry, Kind
from features.releases.causes import Cause
from features.releases.commits import find_release
from features.releases.comparing import Difference, Exclusion, TargetDifference, compare
from features.workspace import Workspace
from models.tasks import Task


def _diff(workspace: Workspace, old: str, new: str = "latest") -> Difference:
    workspace = Workspace(workspace.root)
    return compare(workspace, find_release(workspace, old), find_release(workspace, new))


def _only(found: Difference) -> TargetDifference:
    (one,) = found.rankings
    return one


def _with(rows: list[dict[str, Any]], source: str, **changes: Any) -> list[dict[str, Any]]:
    """The rows with one source changed, put in the order of the scores again."""
    new = sorted(
        ({**row, **(changes if row["source"] == source else {})} for row in rows),
        key=lambda row: -row["score"],
    )
    return [{**row, "rank": rank} for rank, row in enumerate(new, start=1)]


def test_a_release_and_itself_do_not_differ(story: Story) -> None:
    found = _diff(story.workspace, "latest")
    assert found.is_empty
    assert found.unchanged == 1


def test_a_source_that_came_moves_the_others(story: Story) -> None:
    one = _only(_diff(story.workspace, "previous"))
    assert (one.target, one.scorer, one.change) == ("t1", "logme", "moved")
    assert one.ranking_ids == (story.old, story.new)
    assert one.leading == (["a", "b"], ["d", "a"])
    places = {move.source: (move.rank_before, move.rank_after) for move in one.moves}
    assert places == {"d": (None, 1), "a": (1, 2), "b": (2, 3), "c": (3, 4)}
    assert one.moves[0].cause is Cause.SOURCE_DATA
    # And back again it went.
    back = _only(_diff(story.workspace, "latest", "previous"))
    assert {move.source: move.rank_after for move in back.moves}["d"] is None


def _scores(workspace: Workspace, rankings: list[tuple[dict[str, Any], str]]) -> None:
    rows = [
        {
            **dict.fromkeys(SCORES.names()),
            "key": f"{ranking['ranking_id']}-{row['source']}",
            "target_version": ranking["target_version"],
            "source_version": row["source_version"],
            "encoder": ranking["encoder"],
            "esm_key": f"{esm}-{row['score']}" if row["source"] == "c" else f"map of {row['source']}",
            "scorer": "logme",
            "score": row["score"],
        }
        for ranking, esm in rankings
        for row in ranking["ranking"]
    ]
    Batches(workspace.folder("scores"), SCORES).append("v1", pl.DataFrame(rows, schema=SCORES), {})


@pytest.mark.parametrize(
    ("cause", "row", "changes", "maps"),
    [
        (Cause.SOURCE_DATA, {"source_version": "other rows", "score": 0.95}, {}, ("m", "m")),
        (Cause.TARGET_DATA, {"score": 0.95}, {"target_version": "v2"}, ("m", "m")),
        (Cause.SETTINGS, {"score": 0.95}, {"settings": {"center": True}}, ("m", "m")),
        (Cause.ESM, {"score": 0.95}, {}, ("m", "n")),
        (Cause.CODE, {"score": 0.95}, {"code": "0.2.0"}, ("same", "same")),
    ],
)
def test_each_cause_is_told(
    story: Story, cause: Cause, row: dict[str, Any], changes: dict[str, Any], maps: tuple[str, str]
) -> None:
    workspace = story.workspace
    base = rank_by_hand(workspace, "t1", ["a", "b", "c"], pool_size=9)
    first = seal(workspace, "Base")
    rows = _with(base["ranking"], "c", **row)
    new = rank_by_hand(workspace, "t1", ["a", "b", "c"], ranking=rows, **changes)
    _scores(workspace, [(base, maps[0]), (new, maps[1])])
    if cause is Cause.CODE:
        # The same map behind both scores.
        for path in workspace.folder("scores").glob("*.parquet"):
            frame = pl.read_parquet(path).with_columns(esm_key=pl.lit("the same map"))
            path.unlink()
            Batches(workspace.folder("scores"), SCORES).append("v1", frame, {})
    seal(workspace, "Changed")
    one = _only(_diff(workspace, first))
    moved = {move.source: move for move in one.moves}
    assert moved["c"].cause is cause, moved["c"].why
    assert (moved["c"].rank_before, moved["c"].rank_after) == (3, 1)
    expected = {Cause.TARGET_DATA: {Cause.TARGET_DATA}, Cause.SETTINGS: {Cause.SETTINGS, None}}
    others = {moved[name].cause for name in ("a", "b")}
    assert others <= expected.get(cause, {None}) | {None}
    assert one.causes == [cause]


def test_a_map_made_anew_under_other_settings_is_the_settings_doing(story: Story) -> None:
    workspace = story.workspace
    base = rank_by_hand(workspace, "t1", ["a", "b", "c"], pool_size=9)
    first = seal(workspace, "Base")
    workspace = change_params(workspace, esm={"rank": 2})
    new = rank_by_hand(workspace, "t1", [], ranking=_with(base["ranking"], "c", score=0.95))
    _scores(workspace, [(base, "m"), (new, "n")])
    seal(workspace, "Another rank")
    found = _diff(workspace, first)
    assert found.settings == {"esm.rank": (4, 2)}
    (move,) = [move for move in _only(found).moves if move.source == "c"]
    assert move.cause is Cause.SETTINGS
    assert "esm.rank" in move.why


def test_another_encoder_is_the_cause_of_everything(story: Story) -> None:
    workspace = change_params(story.workspace, encoder={"pooling": "first"})
    rank_by_hand(workspace, "t1", ["c", "b", "a", "d"])
    seal(workspace, "Another encoder")
    found = _diff(workspace, "previous")
    assert found.settings == {"encoder.pooling": ("mean", "first")}
    assert _only(found).causes == [Cause.ENCODER]


def test_a_source_left_out_says_why(story: Story) -> None:
    workspace = story.workspace
    out = [{"source": "d", "reason": "shares 4 texts with the target"}]
    rank_by_hand(workspace, "t1", ["a", "b", "c"], excluded=out)
    seal(workspace, "Left out")
    (move,) = [move for move in _only(_diff(workspace, "previous")).moves if move.source == "d"]
    assert (move.rank_before, move.rank_after) == (1, None)
    assert "shares 4 texts" in move.why


def test_other_gains_and_a_source_that_came_and_leaks_are_told_and_no_score_is_said_to_differ(
    story: Story,
) -> None:
    workspace = story.workspace
    base = rank_by_hand(workspace, "t1", ["a", "b", "c"], pool_size=9)
    first = seal(workspace, "Base")
    gains = [
        {**row, "expected_gain": 1.0, "gain_low": 0.0, "gain_high": 2.0 + row["rank"]}
        for row in base["ranking"]
    ]
    leak = {"source": "e", "reason": "shares 4 texts with the target"}
    rank_by_hand(workspace, "t1", [], ranking=gains, pool_size=10, excluded=[leak])
    second = seal(workspace, "Gains and a leak")
    one = _only(_diff(workspace, first))
    assert (one.change, one.moves) == ("gains", [])
    assert one.causes == [Cause.SOURCE_DATA, Cause.TRANSFERS]
    assert one.exclusions == [Exclusion("e", None, "shares 4 texts with the target")]
    # The leak alone, for another reason, and no more.
    other = {**leak, "reason": "shares 5 texts with the target"}
    rank_by_hand(workspace, "t1", [], ranking=gains, pool_size=10, excluded=[other])
    third = seal(workspace, "Another reason")
    again = _only(_diff(workspace, second))
    assert (again.change, again.causes) == ("same scores", [Cause.SOURCE_DATA])
    assert again.exclusions == [Exclusion("e", leak["reason"], other["reason"])]
    (back,) = _only(_diff(workspace, third, first)).exclusions
    assert back == Exclusion("e", other["reason"], None)


def test_gains_by_another_setting_are_the_settings_doing_and_other_errors_are_no_other_scores(
    story: Story,
) -> None:
    rows = rank_by_hand(story.workspace, "t1", ["a", "b"])["ranking"]
    first = seal(story.workspace, "Base")
    workspace = change_params(story.workspace, calibration={"coverage": 0.9})
    gains = [{**row, "expected_gain": 1.0, "gain_low": 0.0, "gain_high": 2.0} for row in rows]
    rank_by_hand(workspace, "t1", [], ranking=gains, pool_size=2)
    second = seal(workspace, "Coverage")
    one = _only(_diff(workspace, first))
    assert (one.change, one.causes) == ("gains", [Cause.SETTINGS])
    gains = [{**row, "stderr": 0.02} for row in gains]
    rank_by_hand(workspace, "t1", [], ranking=gains, pool_size=2)
    third = seal(workspace, "Errors")
    assert _only(_diff(workspace, second)).change == "same scores"
    base = {"score": 0.2, "stderr": 0.01}
    rank_by_hand(workspace, "t1", [], ranking=gains, pool_size=2, base_score=base)
    seal(workspace, "The untouched encoder's")
    assert _only(_diff(workspace, third)).change == "same ranks"


def test_new_targets_sources_and_lost_files_are_told(story: Story) -> None:
    workspace = story.workspace
    register_target(workspace, "t2", "v2")
    rank_by_hand(workspace, "t2", ["b", "a"])
    source = Entry(Kind.SOURCE, "s9", "v9", Task.CLASSIFICATION, "./s9.csv", 40, "sketch", 1000, 0)
    Plan(workspace).registry.register(source)
    seal(workspace, "More")
    found = _diff(workspace, "previous")
    assert found.targets == {"added": ["t2"], "changed": [], "removed": []}
    assert found.sources["added"] == ["s9"]
    assert (_only(found).target, _only(found).change) == ("t2", "new")
    (workspace.folder("rankings") / f"{story.old}.json").unlink()
    lost = {one.target: one for one in _diff(workspace, story.first).rankings}["t1"]
    assert lost.change == "unreadable"
    assert story.old in lost.why
