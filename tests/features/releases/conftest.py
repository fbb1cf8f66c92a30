"""A workspace with two releases of one target: the order was a, b, c, then d came and took the lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.releases import Story, rank_by_hand, register_target, seal

from features.releases import artefacts, restoring
from features.releases.dvcside import answer
from features.releases.restoring import restore
from features.workspace import Workspace


@pytest.fixture
def story(workspace: Workspace) -> Story:
    register_target(workspace, "t1")
    old = rank_by_hand(workspace, "t1", ["a", "b", "c"])
    first = seal(workspace, "Refresh t1")
    new = rank_by_hand(workspace, "t1", ["d", "a", "b", "c"])
    second = seal(workspace, "Refresh t1 again")
    return Story(workspace, first, second, old["ranking_id"], new["ranking_id"])


@pytest.fixture
def dvc_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks DVC's library here: a process of its own costs a second each time."""
    monkeypatch.setattr(artefacts, "_asked", lambda _, request: answer(request))


@pytest.fixture
def back(
    monkeypatch: pytest.MonkeyPatch, dvc_in_process: None
) -> Callable[[Workspace, str], restoring.Restored]:
    """Restores without LanceDB, pages and DVC's record; test_restore_command does it with them."""
    monkeypatch.setattr(restoring, "publish_and_record", lambda *_: "recorded")
    monkeypatch.setattr(restoring, "record", lambda *_: None)
    return restore
