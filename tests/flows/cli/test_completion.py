"""What the shell offers after <TAB>, asked as bash asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.releases import rank_by_hand, register_target, seal

from features.inbox.watches import Watch, Watches
from features.registry import Kind, Ledger
from features.workspace import Workspace


def _offered(place: Path, line: str) -> list[str]:
    """The words that may stand where the line ends."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_SPRINGBOARD_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name("springboard"))],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def ranked(workspace: Workspace) -> Workspace:
    register_target(workspace, "reviews")
    register_target(workspace, "intents")
    rank_by_hand(workspace, "reviews", ["a", "b"])
    seal(workspace, "Refresh reviews")
    return workspace


def test_verbs_targets_scorers_and_releases(ranked: Workspace) -> None:
    assert "rank" in _offered(ranked.root, "springboard ra")
    assert _offered(ranked.root, "springboard rank ") == ["intents", "reviews"]
    assert _offered(ranked.root, "springboard explain re") == ["reviews"]
    assert _offered(ranked.root, "springboard rank reviews --scorer logm") == ["logme"]
    assert _offered(ranked.root, "springboard restore la") == ["latest"]


def test_another_workspace_and_none(ranked: Workspace, tmp_path: Path) -> None:
    assert _offered(tmp_path, f"springboard pin -w {ranked.root} in") == ["intents"]
    assert _offered(tmp_path, "springboard pin in") == []


def test_what_waits_in_quarantine_and_what_is_watched(workspace: Workspace) -> None:
    refusal = {"name": "bad", "role": "source", "reasons": ["too few rows"], "rows": 3, "refused_by_rule": {}}
    Ledger(workspace.ledgers / "quarantine.jsonl").append(refusal)
    watches = Watches(workspace)
    watches.add(Watch(Kind.SOURCE, "/somewhere/reviews.csv", False, None, {"name": "reviews"}))
    watches.add(Watch(Kind.SOURCE, "org/intents", True, None, {}))
    assert _offered(workspace.root, "springboard quarantine release ") == ["bad"]
    assert _offered(workspace.root, "springboard watch remove ") == ["org/intents", "reviews"]


def test_help_and_bad_use_are_plain_text_in_a_pipe(workspace: Workspace) -> None:
    command = str(Path(sys.executable).with_name("springboard"))
    for asked, code in (("--help", 0), ("quarantine release", 2)):
        done = subprocess.run(
            [command, *asked.split()], cwd=workspace.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert "Usage: springboard" in done.stdout + done.stderr
        assert not set(done.stdout + done.stderr) & set("\x1b─│╭╮╰╯")
