"""A pinned target shows what a release showed, whatever is computed since; and everybody is told."""

from __future__ import annotations

import pytest
from support.releases import Story, rank_by_hand, register_target, seal

from features.artefacts.plan import Plan
from features.feedback.advice import Advisor
from features.rankings import shown_ranking, stale_targets
from features.rankings.history import RankingLedger, moment_of
from features.rankings.view import view_of
from features.registry.ledger import parse_time
from features.releases import pinning
from features.releases.commits import find_release
from features.releases.pinning import pin, unpin
from features.releases.snapshot import Snapshot
from features.reports.records import status_record, target_records
from features.workspace import Workspace
from models.errors import ArtefactError, NamingError, SettingsError


@pytest.fixture(autouse=True)
def _no_record(monkeypatch: pytest.MonkeyPatch, dvc_in_process: None) -> None:
    monkeypatch.setattr(pinning, "show_and_record", lambda *_: "recorded")


def _shown(workspace: Workspace, **when: object) -> dict:  # type: ignore[type-arg]
    shown = shown_ranking(workspace, "t1", "logme", Plan(workspace).encoder, **when)  # type: ignore[arg-type]
    assert shown is not None
    return shown


def test_a_pin_holds_the_shown_ranking_while_refreshes_go_on(story: Story) -> None:
    workspace = story.workspace
    found, made = pin(workspace, "t1", "previous", "the demo on Friday")
    assert (found.release, made) == (story.first, "recorded")
    newest = rank_by_hand(workspace, "t1", ["e", "d", "a"])
    shown = _shown(workspace)
    assert shown["ranking_id"] == story.old
    assert shown["pinned"]["release"] == story.first
    assert shown["pinned"]["newest_ranking_id"] == newest["ranking_id"]
    # What is stale goes by what was computed, not by what is shown.
    assert stale_targets(Plan(workspace)) == []
    line = RankingLedger(workspace).newest("t1", "logme", Plan(workspace).encoder)
    assert line is not None
    assert line["ranking_id"] == newest["ranking_id"]
    unpin(workspace, "t1")
    assert _shown(workspace)["ranking_id"] == newest["ranking_id"]
    assert _shown(workspace)["pinned"] is None


def test_it_is_said_wherever_the_ranking_is_shown(story: Story) -> None:
    workspace = story.workspace
    pin(workspace, "t1", story.first, "[/red] <b>")
    facts = dict(view_of(_shown(workspace)).facts)
    assert story.first[:12] in facts["Pinned"]
    assert "[/red] <b>" in facts["Pinned"]
    assert "a newer ranking is stored" in facts["Pinned"]
    (record,) = target_records(Plan(workspace))
    assert (record["pinned"], record["status"]) == (story.first, "fresh")
    assert status_record(Plan(workspace))["ok"]


def test_a_team_is_advised_by_what_it_was_shown(story: Story) -> None:
    pin(story.workspace, "t1", story.first)
    key, rows = Advisor(Plan(story.workspace))._ranking_of("t1")
    assert key == story.old
    assert rows is not None
    assert [row["source"] for row in rows] == ["a", "b", "c"]


def test_the_past_shows_what_was_pinned_then(story: Story) -> None:
    workspace = story.workspace
    before = parse_time(RankingLedger(workspace).lines()[-1]["at"])
    pin(workspace, "t1", story.first)
    pinned = seal(workspace, "Pin")
    unpin(workspace, "t1")
    assert _shown(workspace)["ranking_id"] == story.new
    assert _shown(workspace, as_of=before)["ranking_id"] == story.new
    assert _shown(workspace, as_of=moment_of(workspace, pinned))["ranking_id"] == story.old
    assert (
        Snapshot(workspace, find_release(workspace, pinned)).in_force["t1", "logme"]["ranking_id"]
        == story.old
    )
    # Pinning to a release in which it was pinned means what was shown in it.
    pin(workspace, "t1", pinned)
    assert _shown(workspace)["ranking_id"] == story.old


def test_pinning_again_changes_nothing_and_another_release_takes_its_place(story: Story) -> None:
    workspace = story.workspace
    pin(workspace, "t1", story.first)
    content = (workspace.ledgers / "pins.jsonl").read_bytes()
    assert pin(workspace, "t1", story.first)[1] is None
    assert (workspace.ledgers / "pins.jsonl").read_bytes() == content
    pin(workspace, "t1", story.second)
    assert _shown(workspace)["ranking_id"] == story.new


def test_what_cannot_be_pinned_is_told(story: Story) -> None:
    workspace = story.workspace
    register_target(workspace, "t2", "v2")
    with pytest.raises(NamingError, match="nothing"):
        pin(workspace, "nothing", "latest")
    with pytest.raises(SettingsError, match="no ranking in release"):
        pin(workspace, "t2", "latest")
    with pytest.raises(SettingsError, match="neither a release nor a time"):
        pin(workspace, "t1", "nonsense")
    with pytest.raises(SettingsError, match="500"):
        pin(workspace, "t1", "latest", "x" * 501)
    with pytest.raises(SettingsError, match="is not pinned"):
        unpin(workspace, "t1")
    assert not (workspace.ledgers / "pins.jsonl").exists()


def test_a_lost_ranking_is_brought_back_first_or_nothing_is_pinned(story: Story) -> None:
    workspace = story.workspace
    path = workspace.folder("rankings") / f"{story.old}.json"
    whole = path.read_bytes()
    path.unlink()
    pin(workspace, "t1", story.first)
    assert path.read_bytes() == whole
    unpin(workspace, "t1")
    path.unlink()
    for cached in (workspace.root / ".dvc" / "cache").rglob("*"):
        if cached.is_file() and cached.read_bytes() == whole:
            cached.unlink()
    with pytest.raises(ArtefactError, match=story.old):
        pin(workspace, "t1", story.first)
    assert _shown(workspace)["pinned"] is None
