"""A team whose state is recorded, without running DVC: its files lie in DVC's cache and dvc.lock names them."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support.releases import register_target, seal
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.maintenance import run
from features.publishing import publish_rankings, publish_sources
from features.record import recorded, recorder
from features.record.dvcside import answer
from features.record.git import head
from features.registry import Kind
from features.workspace import Workspace


@pytest.fixture
def recorded_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC's library is asked here, and what it would write down is written by hand: its processes cost seconds each."""
    monkeypatch.setattr(recorded, "_asked", lambda _, request: answer(request))

    def by_hand(workspace: Workspace, message: str) -> recorder.Recording:
        before = head(workspace.root)
        with suppress(AssertionError):  # Nothing was new.
            seal(workspace, message)
        (workspace.private / "unrecorded").unlink(missing_ok=True)
        return recorder.Recording(changed=head(workspace.root) != before, release=head(workspace.root))

    monkeypatch.setattr(run, "record", by_hand)


@pytest.fixture
def kept(team: Team, recorded_by_hand: None) -> Team:
    """The team, published and recorded."""
    from features.artefacts.plan import Plan

    plan = Plan(team.workspace)
    publish_sources(plan)
    publish_rankings(plan)
    seal(team.workspace, "Ingest s1, s2, s3")
    return team


@pytest.fixture(scope="session")
def _changed(_team: Team, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("changed") / "team"
    shutil.copytree(_team.workspace.root, root, symlinks=True)
    seal(Workspace(root), "Ingest s1, s2, s3")
    workspace = change_params(Workspace(root), tuning={"max_steps": 4})
    add(workspace, Kind.SOURCE, write_rows(root.parent / "s3.csv", 33), name="s3", replace=True)
    ingest(workspace)
    refresh(workspace, "t1")
    # git and the ledgers keep whole seconds: what was replaced within two of a release counts as needed by it.
    time.sleep(3)
    seal(workspace, "Ingest s3")
    register_target(workspace, "t9")
    seal(workspace, "Add t9")
    then = time.time() - 2 * 86400
    for path in workspace.data.glob("*/[!.]*"):
        os.utime(path, (then, then))
    return workspace


@pytest.fixture
def changed(_changed: Workspace, tmp_path: Path, recorded_by_hand: None) -> Workspace:
    """A team in three releases: in the second s3 stands for other rows, and all is tuned by other settings."""
    shutil.copytree(_changed.root, tmp_path / "changed", symlinks=True)
    return Workspace(tmp_path / "changed")
