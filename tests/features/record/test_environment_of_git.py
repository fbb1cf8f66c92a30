"""In a hook of git, which names its own repository in the environment, a workspace is recorded in its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from features.record.dvc import dvc, dvc_environment
from features.record.git import commit_paths, ensure_repository, git, git_environment, head


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another repository, which the environment names as git does for its hooks."""
    root = tmp_path / "other"
    root.mkdir()
    ensure_repository(root)
    (root / "theirs").write_text("theirs", encoding="utf-8")
    commit_paths(root, ["theirs"], "Theirs")
    said = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "", "GIT_PREFIX": ""}
    for name, value in said.items():
        monkeypatch.setenv(name, str(root / value))
    return root


def test_a_commit_goes_to_the_workspace(other: Path, tmp_path: Path) -> None:
    root = tmp_path / "ours"
    root.mkdir()
    ensure_repository(root)
    assert (root / ".git" / "HEAD").exists()
    (root / "ours").write_text("ours", encoding="utf-8")
    made = commit_paths(root, ["ours"], "Ours")
    assert made == head(root)
    assert git(root, "ls-tree", "--name-only", "HEAD").split() == ["ours"]
    assert git(other, "log", "--format=%s").split() == ["Theirs"]
    assert git(other, "status", "--porcelain") == ""


def test_dvc_works_in_the_workspace(other: Path, tmp_path: Path) -> None:
    root = tmp_path / "ours"
    root.mkdir()
    ensure_repository(root)
    dvc(root, "init", "--quiet")
    assert ".dvc/config" in git(root, "status", "--porcelain")
    assert git(other, "status", "--porcelain") == ""


def test_nothing_of_another_repository_is_passed_on_and_settings_are(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
    )
    names = listed.stdout.split()
    assert "GIT_DIR" in names
    for name in [*names, "GIT_SSL_CAINFO"]:
        monkeypatch.setenv(name, "said")
    kept = {"GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_SSL_CAINFO"}
    for environment in (git_environment(), dvc_environment(Path("/ours"))):
        assert {name for name in [*names, "GIT_SSL_CAINFO"] if name in environment} == kept
        assert environment["GIT_TERMINAL_PROMPT"] == "0"
