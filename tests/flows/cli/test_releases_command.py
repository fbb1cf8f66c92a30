"""Releases, diff, restore and pin as they are typed; the one restore goes through LanceDB, pages and DVC for real."""

from __future__ import annotations

import pytest
from support.cli import Cli
from support.releases import rank_by_hand, register_target, seal

from features.record.git import git
from features.releases import pinning
from features.workspace import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def two(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, str, str]:
    monkeypatch.chdir(workspace.root)
    register_target(workspace, "t1")
    rank_by_hand(workspace, "t1", ["a", "b", "c"])
    first = seal(workspace, "Refresh t1")
    rank_by_hand(workspace, "t1", ["[/red]", "a", "b", "c"])
    return workspace, first, seal(workspace, "Refresh [/red]")


def test_restore_makes_a_release_that_shows_what_was_shown(two: tuple[Workspace, str, str], cli: Cli) -> None:
    workspace, first, second = two
    said = cli("restore", "previous", "--json")
    assert said.code == 0, said.err
    told = said.json
    assert (told["restored"], len(told["rankings"]), told["files"]) == (first, 1, 0)
    listed = cli("releases", "--json").json
    assert [one["release"] for one in listed] == [told["release"], second, first]
    assert listed[0]["restored"] == first
    assert git(workspace.root, "status", "--porcelain").strip() == ""
    ranked = cli("rank", "t1", "--json").json
    assert [row["source"] for row in ranked["ranking"]] == ["a", "b", "c"]
    assert ranked["restored"]["release"] == first
    assert cli("status", "--json").json["targets"][0]["status"] == "fresh"
    assert (workspace.reports / "site" / "index.html").exists()
    # The ledgers only grew, and what the release is called is shown on a terminal too.
    assert git(workspace.root, "diff", "--numstat", second, "HEAD", "--", "ledgers").split()[1] == "0"
    assert first[:12] in cli("rank", "t1").out
    assert "restored from release" in cli("status").out
    again = cli("restore", first)
    assert (again.code, "Nothing to restore" in again.out) == (0, True)
    assert cli("audit").code == 0


def test_a_list_and_a_difference_with_names_that_look_like_markup(
    two: tuple[Workspace, str, str], cli: Cli
) -> None:
    _, first, second = two
    out = cli("releases").out
    assert second[:12] in out
    assert "Refresh [/red]" in out
    assert [one["release"] for one in cli("releases", "--top", "1", "--json").json] == [second]
    said = cli("diff", "previous")
    assert said.code == 0
    assert "[/red]" in said.out
    assert "source data" in said.out
    found = cli("diff", first, "latest", "--json").json
    assert found["rankings"][0]["moves"][0] == {
        "source": "[/red]",
        "rank_before": None,
        "rank_after": 1,
        "tier_before": None,
        "tier_after": 1,
        "cause": "source data",
        "why": "new in the pool",
    }
    assert "Nothing changed." in cli("diff", "latest").out


def test_a_difference_tells_who_is_left_out_where_no_score_changed(
    two: tuple[Workspace, str, str], cli: Cli
) -> None:
    workspace = two[0]
    leak = {"source": "copied", "reason": "100.0% of the target's texts are in it"}
    rank_by_hand(workspace, "t1", ["[/red]", "a", "b", "c"], excluded=[leak])
    third = seal(workspace, "A leak")
    said = cli("diff", "previous").out
    assert "the same ranks and scores (source data)" in said
    assert "  copied is left out: 100.0% of the target's texts are in it" in said
    (found,) = cli("diff", "previous", "--json").json["rankings"]
    assert found["exclusions"] == [{"source": "copied", "before": None, "after": leak["reason"]}]
    assert "  copied is no longer left out (it was: 100.0%" in cli("diff", third, "previous").out


def test_pin_and_unpin(two: tuple[Workspace, str, str], cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "show_and_record", lambda *_: "f" * 40)
    _, first, _ = two
    told = cli("pin", "t1", first, "--reason", "a demo", "--json").json
    assert (told["target"], told["release"], told["changed"]) == ("t1", first, True)
    assert "Pinned already" in cli("pin", "t1", first, "--reason", "a demo").out
    shown = cli("rank", "t1").out
    assert "Pinned" in shown
    assert "a demo" in shown
    assert f"pinned: t1 as in release {first[:12]}" in cli("status").out
    assert cli("rank", "t1", "--json").json["pinned"]["by"]
    assert "Unpinned" in cli("unpin", "t1").out
    assert cli("rank", "t1", "--json").json["pinned"] is None


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "nonsense"),
        ("diff", "nonsense"),
        ("pin", "t1", "nonsense"),
        ("unpin", "t1"),
        ("pin", "nobody", "latest"),
        ("rank", "t1", "--as-of", "nonsense"),
    ],
)
def test_what_is_meant_by_nobody_is_exit_code_2(
    two: tuple[Workspace, str, str], cli: Cli, words: tuple[str, ...]
) -> None:
    said = cli(*words)
    assert said.is_clear_error("Next:"), said.err


def test_a_push_says_what_comes_next(workspace: Workspace, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.root)
    empty = cli("push")
    assert (empty.code, empty.out.splitlines()) == (
        0,
        ["No release holds any artefact yet: nothing to send", "Next: springboard source add REF"],
    )
    register_target(workspace, "t1")
    rank_by_hand(workspace, "t1", ["a", "b"])
    waiting = cli("push").out
    assert "was not sent; the next ingest or refresh records it" in waiting
    assert waiting.splitlines()[-1] == "Next: springboard ingest"
    seal(workspace, "Refresh t1")
    assert cli("push").out.splitlines()[-1] == "Next: git push, for the ledgers and dvc.lock"
