from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from support.cli import Cli

from features.workspace import Workspace, find_workspace, init_workspace
from features.workspace.create import TEMPLATE_FILES
from models.errors import BusyError, WorkspaceError


def test_a_new_workspace_is_committed_and_whole(workspace: Workspace) -> None:
    for place in TEMPLATE_FILES.values():
        assert (workspace.root / place).is_file()
    log = subprocess.run(
        ["git", "-C", str(workspace.root), "log", "--oneline"], capture_output=True, text=True, check=True
    )
    assert len(log.stdout.splitlines()) == 1


@pytest.mark.parametrize("what", ["file", "folder", "workspace"])
def test_what_is_there_is_never_written_over(tmp_path: Path, cli: Cli, what: str) -> None:
    place = tmp_path / "here"
    if what == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "params.yaml").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said = "is a file" if what == "file" else "is not empty"
    assert cli("init", place).is_clear_error(said, "springboard init")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_init_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no git there
    with pytest.raises(Exception, match="git is not installed"):
        init_workspace(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_found_from_any_folder_inside(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = workspace.root / "data" / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_workspace() == workspace
    with pytest.raises(WorkspaceError):  # a folder named outright must be one itself
        find_workspace(deep)


def test_the_environment_names_a_workspace_too(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRINGBOARD_WORKSPACE", str(workspace.root))
    assert find_workspace() == workspace


def test_a_lock_that_another_run_holds_is_said(workspace: Workspace) -> None:
    with workspace.lock("record"):
        pass
    with FileLock(workspace.private / "locks" / "record.lock"), pytest.raises(BusyError, match="record"):  # noqa: SIM117
        with workspace.lock("record", timeout=0.05):
            pass


def test_a_store_elsewhere_keeps_its_address(workspace: Workspace) -> None:
    from support.workspaces import change_params

    assert workspace.store_uri == str(workspace.root / "store")
    assert change_params(workspace, store={"uri": "s3://bucket/x"}).store_uri == "s3://bucket/x"
