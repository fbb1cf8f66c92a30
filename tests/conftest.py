"""Workspaces that several folders of tests share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.cli import Cli, run_cli
from support.prefect_database import migrated_database
from support.tiny_encoder import write_tiny
from support.workspaces import Team, add, ingest, refresh, tiny_workspace, write_rows

from features.registry import Kind
from features.workspace import Workspace


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files marked ``long`` come first: xdist hands files out in this order (``--no-loadscope-reorder``)."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from support.sharing_out import FilesAndServers

    return FilesAndServers(config, log)


@pytest.fixture(autouse=True)
def _no_workspace_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPRINGBOARD_WORKSPACE", raising=False)


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated_database(tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory, tiny_encoder_folder: Path) -> Workspace:
    return tiny_workspace(tmp_path_factory.mktemp("empty") / "team", tiny_encoder_folder)


@pytest.fixture
def workspace(_empty: Workspace, tmp_path: Path) -> Workspace:
    """An empty workspace of the test's own."""
    return _copy(_empty, tmp_path / "team")


@pytest.fixture(scope="session")
def _team(tmp_path_factory: pytest.TempPathFactory, _empty: Workspace) -> Team:
    folder = tmp_path_factory.mktemp("with-data")
    files = folder / "files"
    workspace = _copy(_empty, folder / "team")
    for number, noise in ((1, 0.0), (2, 0.2), (3, 0.5)):
        add(workspace, Kind.SOURCE, write_rows(files / f"s{number}.csv", number, noise=noise))
    for number in (1, 2):
        add(workspace, Kind.TARGET, write_rows(files / f"t{number}.csv", 10 + number))
    ingest(workspace)
    refresh(workspace, "t1")
    return Team(workspace, files)


@pytest.fixture
def team(_team: Team, tmp_path: Path) -> Team:
    """A copy of the workspace with data; ``files`` is a copy too, though references name the first ones."""
    shutil.copytree(_team.files, tmp_path / "files")
    return Team(_copy(_team.workspace, tmp_path / "team"), tmp_path / "files")


def _copy(workspace: Workspace, root: Path) -> Workspace:
    shutil.copytree(workspace.root, root, symlinks=True)
    return Workspace(root)


@pytest.fixture
def copy_of() -> Callable[[Workspace, Path], Workspace]:
    return _copy


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Types a command as a user would, in this process."""
    return lambda *words: run_cli(capfd, monkeypatch, words)
