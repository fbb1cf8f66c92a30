"""A release's hash stands on LanceDB's tables as a tag, and a ranking that came back is served as the newest."""

from __future__ import annotations

import json

import pytest
from support.releases import Story, rank_by_hand, seal
from support.workspaces import change_params

from features.artefacts.plan import Plan
from features.publishing import frames, open_store, publish_rankings, rebuild_store
from features.rankings.history import RankingLedger
from features.rankings.ranking import read_ranking
from features.record import mark_unrecorded, record, recorder
from features.releases.commits import releases
from features.workspace import Workspace


@pytest.fixture
def served(story: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The story with its rankings in LanceDB; recording leaves out DVC, which has no part in tags."""
    monkeypatch.setattr(recorder, "repro", lambda _: None)
    monkeypatch.setattr(recorder, "push", lambda _: None)
    _publish(story.workspace, story.old)
    _publish(story.workspace, story.new)
    return story


def _publish(workspace: Workspace, ranking_id: str) -> None:
    ranking = read_ranking(workspace.folder("rankings"), ranking_id)
    open_store(Plan(workspace)).publish("ranking", frames.ranking_rows(ranking))


def _run(workspace: Workspace, order: list[str]) -> str:
    """What a refresh does to ledgers and store, then its record; gives the release."""
    _publish(workspace, rank_by_hand(workspace, "t1", order)["ranking_id"])
    mark_unrecorded(workspace)
    done = record(workspace, f"Refresh {order}")
    assert done.changed
    assert done.release is not None
    return done.release


def test_a_run_that_changed_something_tags_the_tables_and_names_them(served: Story) -> None:
    workspace = served.workspace
    first = _run(workspace, ["c", "a", "b"])
    release = releases(workspace)[0]
    assert release.id == first
    store = open_store(Plan(workspace))
    assert store.tags() == {f"release-{first}": release.store}
    assert release.store == store.versions()
    second = _run(workspace, ["c", "b", "a"])
    assert set(store.tags()) == {f"release-{first}", f"release-{second}"}
    assert store.tags()[f"release-{first}"] == release.store


def test_a_run_that_changed_nothing_makes_no_release_and_no_tag(served: Story) -> None:
    release = _run(served.workspace, ["c", "a", "b"])
    tags = open_store(Plan(served.workspace)).tags()
    mark_unrecorded(served.workspace)
    done = record(served.workspace, "Nothing")
    assert (done.changed, done.release) == (False, release)
    assert open_store(Plan(served.workspace)).tags() == tags


def test_only_the_newest_keep_their_tags_and_others_tags_are_left_alone(served: Story) -> None:
    workspace = change_params(served.workspace, store={"release_tags": 1})
    open_store(Plan(workspace)).tag("friday")
    _run(workspace, ["c", "a", "b"])
    second = _run(workspace, ["c", "b", "a"])
    assert set(open_store(Plan(workspace)).tags()) == {"friday", f"release-{second}"}


def test_a_tag_that_a_killed_run_did_not_set_is_set_by_the_next_record(
    served: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = served.workspace

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("features.releases.tags.tag_releases", die)
        with pytest.raises(KeyboardInterrupt):
            _run(workspace, ["c", "a", "b"])
    release = releases(workspace)[0]
    assert open_store(Plan(workspace)).tags() == {}
    _publish(workspace, rank_by_hand(workspace, "t1", ["b"])["ranking_id"])
    record(workspace, "Next")
    assert open_store(Plan(workspace)).tags()[release.tag] == release.store


def test_after_a_rebuild_no_old_release_gets_a_tag_on_new_tables(served: Story) -> None:
    workspace = served.workspace
    first = _run(workspace, ["c", "a", "b"])
    # An hour later, as far as git knows: a version of the new table must not be taken for one of then.
    rebuilt = rebuild_store(Plan(workspace))
    assert rebuilt.dropped_tags == (f"release-{first}",)
    import features.releases.tags as tags

    tags_slack, tags._SLACK = tags._SLACK, tags._SLACK * -30
    try:
        mark_unrecorded(workspace)
        record(workspace, "Again")
    finally:
        tags._SLACK = tags_slack
    assert open_store(Plan(workspace)).tags() == {}


def test_a_ranking_that_came_back_is_the_newest_in_the_store_and_after_a_rebuild(served: Story) -> None:
    workspace = served.workspace
    plan = Plan(workspace)
    line = RankingLedger(workspace).lines()[0]
    seal_before = {name: line[name] for name in line if name != "at"}
    RankingLedger(workspace).append_restored({**seal_before, "restored_from": served.first, "restore": "x"})
    assert publish_rankings(plan) == 1
    assert publish_rankings(plan) == 0

    def newest() -> str:
        (body,) = open_store(plan).get("ranking", ["t1"])["body"]
        return str(json.loads(body)["ranking_id"])

    assert newest() == served.old
    keys = open_store(plan).keys("ranking")
    assert len(keys) == 3
    rebuild_store(plan)
    assert open_store(plan).keys("ranking") == keys
    assert newest() == served.old
    seal(workspace, "Restored")
