"""Which commits are releases, and what names one."""

from __future__ import annotations

import pytest
from support.releases import Story, rank_by_hand, register_target, seal
from support.workspaces import change_params

from features.record.git import commit_paths, git
from features.registry.ledger import parse_time
from features.releases.commits import STORE, find_release, releases
from features.workspace import Workspace
from models.errors import SettingsError


def test_a_new_workspace_has_none(workspace: Workspace) -> None:
    assert releases(workspace) == []
    for name in ("latest", "previous", "2999-01-01", "HEAD"):
        with pytest.raises(SettingsError, match="springboard releases"):
            find_release(workspace, name)


def test_commits_of_what_a_run_records_are_releases_and_no_others(story: Story) -> None:
    root = story.workspace.root
    (root / "notes.md").write_text("a note of somebody", encoding="utf-8")
    commit_paths(root, ["notes.md"], "Notes")
    change_params(story.workspace, run={"retries": 0})
    third = seal(story.workspace, "Typed by hand")
    found = releases(story.workspace)
    assert [one.id for one in found] == [third, story.second, story.first]
    assert [one.message for one in found] == ["Typed by hand", "Refresh t1 again", "Refresh t1"]
    assert [one.id for one in releases(story.workspace, 1)] == [third]


def test_a_release_is_meant_by_hash_word_or_time(story: Story) -> None:
    workspace = story.workspace
    for name, meant in {
        "latest": story.second,
        "previous": story.first,
        story.first: story.first,
        story.first[:8]: story.first,
        "HEAD~1": story.first,
        "2999-01-01": story.second,
    }.items():
        assert find_release(workspace, name).id == meant, name
    at = find_release(workspace, "latest").at
    assert find_release(workspace, parse_time(at).isoformat()).id == story.second


@pytest.mark.parametrize("name", ["", "nonsense", "--all", "2001-01-01", "HEAD~2", "x\0y", "[/red]"])
def test_what_means_none_is_a_clear_error(story: Story, name: str) -> None:
    with pytest.raises(SettingsError) as told:
        find_release(story.workspace, name)
    assert told.value.consequence == "nothing was done"
    assert "springboard releases" in told.value.next_step


def test_a_date_alone_is_its_end(story: Story) -> None:
    def day_of(name: str) -> str:
        return parse_time(find_release(story.workspace, name).at).date().isoformat()

    assert find_release(story.workspace, day_of("latest")).id == story.second
    day = day_of("previous")
    with pytest.raises(SettingsError, match="no release yet"):
        find_release(story.workspace, f"{day}T00:00")


def test_the_next_step_names_what_there_is_and_what_a_time_looks_like(workspace: Workspace) -> None:
    register_target(workspace, "t1")
    rank_by_hand(workspace, "t1", ["a"])
    only = seal(workspace, "Refresh t1")
    assert find_release(workspace, "latest").id == only
    with pytest.raises(SettingsError, match="only one release") as told:
        find_release(workspace, "previous")
    assert "previous" not in told.value.next_step
    with pytest.raises(SettingsError, match="neither a release nor a time") as told:
        find_release(workspace, "yesterday")
    example = told.value.next_step.split(" or ")[1].split()[0]
    assert parse_time(example).minute == 30


def test_the_message_names_the_tables_and_their_versions(story: Story) -> None:
    root = story.workspace.root
    (root / "ledgers" / "failures.jsonl").write_text('{"at": "2026-01-01"}\n', encoding="utf-8")
    commit_paths(root, ["ledgers"], f"One\n\n{STORE}: esm=4 row_embedding__384=12\nAudit-Log: 3 abc")
    assert releases(story.workspace)[0].store == {"esm": 4, "row_embedding__384": 12}
    assert releases(story.workspace)[1].store == {}


def test_a_release_of_another_branch_can_be_named(story: Story) -> None:
    root = story.workspace.root
    git(root, "checkout", "-q", "-b", "side", story.first)
    (root / "ledgers" / "failures.jsonl").write_text('{"at": "2026-01-01"}\n', encoding="utf-8")
    side = commit_paths(root, ["ledgers"], "Elsewhere")
    git(root, "checkout", "-q", "main")
    assert side not in [one.id for one in releases(story.workspace)]
    assert find_release(story.workspace, "side").id == side
