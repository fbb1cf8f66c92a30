"""Which code is at work: the commit of a checkout, and hashes that only the code changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from features.artefacts import code
from features.record.git import commit_paths, ensure_repository, git, head


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with a little code in it, in place of this one."""
    (tmp_path / "features" / "gate").mkdir(parents=True)
    (tmp_path / "features" / "gate" / "run.py").write_text("LIMIT = 1\n")
    (tmp_path / "features" / "wording.py").write_text("WORD = 'a'\n")
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    code.code_version.cache_clear()
    code.code_hash.cache_clear()


def _hash(*parts: str) -> str:
    _forget()
    return code.code_hash(*parts)


def test_a_checkout_says_its_commit(checkout: Path) -> None:
    ensure_repository(checkout)
    assert code.code_version() == version("springboard")  # Before the first commit there is none to say.
    commit_paths(checkout, ["features"], "Code")
    _forget()
    commit = head(checkout)
    assert commit is not None
    assert code.code_version() == f"{version('springboard')}+{commit[:12]}"


def test_a_commit_is_said_where_git_has_packed_its_refs(checkout: Path) -> None:
    ensure_repository(checkout)
    commit_paths(checkout, ["features"], "Code")
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git" / "refs" / "heads" / "main").exists()
    assert code.code_version().endswith(f"+{str(head(checkout))[:12]}")


def test_a_second_worktree_says_its_own_commit(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_repository(checkout)
    commit_paths(checkout, ["features"], "Code")
    other = tmp_path_factory.mktemp("other") / "tree"
    git(checkout, "worktree", "add", "--quiet", "-b", "side", str(other))
    (other / "features" / "wording.py").write_text("WORD = 'b'\n")
    commit_paths(other, ["features"], "Other code")
    monkeypatch.setattr(code, "_ROOT", other)
    assert code.code_version().endswith(f"+{str(head(other))[:12]}")
    assert head(other) != head(checkout)


def test_code_inside_anothers_repository_says_no_commit_of_theirs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_repository(checkout)
    commit_paths(checkout, ["features"], "Theirs")
    monkeypatch.setattr(code, "_ROOT", checkout / "features")
    assert code.code_version() == version("springboard")


def test_without_git_the_version_has_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_repository(checkout)
    commit_paths(checkout, ["features"], "Code")
    monkeypatch.setenv("PATH", os.fspath(checkout))
    assert code.code_version() == version("springboard")


def test_a_commit_does_not_change_the_hash_of_the_code(checkout: Path) -> None:
    before = _hash("features")
    ensure_repository(checkout)
    commit_paths(checkout, ["features"], "Code")
    (checkout / "features" / "gate" / "__pycache__").mkdir()
    (checkout / "features" / "gate" / "__pycache__" / "run.cpython-311.pyc").write_bytes(b"compiled")
    assert _hash("features") == before


@pytest.mark.parametrize("how", ["changed", "added", "renamed"])
def test_a_change_of_the_code_changes_the_hash_of_its_part_only(checkout: Path, how: str) -> None:
    gate = checkout / "features" / "gate"
    part, whole, rest = _hash("features/gate"), _hash("features"), _hash("features/wording.py")
    if how == "changed":
        (gate / "run.py").write_text("LIMIT = 2\n")
    elif how == "added":
        (gate / "rule.py").write_text("")
    else:
        (gate / "run.py").rename(gate / "ran.py")
    assert _hash("features/gate") != part
    assert _hash("features") != whole
    assert _hash("features/wording.py") == rest


def test_a_part_that_is_not_there_is_an_error(checkout: Path) -> None:
    with pytest.raises(FileNotFoundError, match="features/gone"):
        code.code_hash("features/gate", "features/gone")
