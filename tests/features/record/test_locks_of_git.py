"""A lock that a killed git left is named, with what to do about it, whoever stumbles over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.record.dvc import dvc
from features.record.git import commit_paths, ensure_repository, git
from models.errors import RecordError


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    root = tmp_path / "a team"
    root.mkdir()
    ensure_repository(root)
    (root / "notes").write_text("a note", encoding="utf-8")
    (root / ".git" / "index.lock").touch()
    return root


def _assert_told(problem: RecordError, lock: Path) -> None:
    assert f"git's lock '{lock}' is there" in problem.what
    assert f"rm '{lock}'" in problem.next_step
    assert "no git process" in problem.next_step
    assert "dvc.org" not in str(problem)


def test_git_that_stumbles_over_a_lock_says_which(locked: Path) -> None:
    lock = locked / ".git" / "index.lock"
    with pytest.raises(RecordError) as told:
        commit_paths(locked, ["notes"], "Notes")
    _assert_told(told.value, lock)
    assert "it is not in git yet" in told.value.consequence
    lock.unlink()
    assert commit_paths(locked, ["notes"], "Notes")


def test_dvc_that_stumbles_over_a_lock_of_git_says_which(locked: Path) -> None:
    with pytest.raises(RecordError) as told:
        dvc(locked, "init", consequence="nothing was made")
    _assert_told(told.value, locked / ".git" / "index.lock")
    assert told.value.consequence == "nothing was made"


def test_other_failures_are_told_as_they_are(locked: Path) -> None:
    """A file of DVC's is called a lock too, and a lock of git's that is not there stops nobody."""
    (locked / "dvc.lock").touch()
    for name in ("dvc.lock", str(locked / ".git" / "HEAD.lock")):
        with pytest.raises(RecordError, match="'git rev-parse' failed"):
            git(locked, "rev-parse", "--verify", f"'{name}'")


def test_a_lock_of_a_git_folder_that_lies_elsewhere_is_told_too(tmp_path: Path) -> None:
    root, kept = tmp_path / "a team", tmp_path / "kept"
    root.mkdir()
    git(root, "init", "--quiet", "--separate-git-dir", str(kept))
    (root / "notes").write_text("a note", encoding="utf-8")
    (kept / "index.lock").touch()
    with pytest.raises(RecordError) as told:
        commit_paths(root, ["notes"], "Notes")
    _assert_told(told.value, kept / "index.lock")
