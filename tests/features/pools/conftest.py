"""A pool of the shared team's three sources, and an empty workspace of the same encoder to put it into."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.pools import About, export_pool
from features.pools.layout import MANIFEST
from features.workspace import Workspace


@pytest.fixture(scope="session")
def _made_pool(_team: Team, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool") / "tiny"
    about = {"s1": About("Films", "github.com/somebody/films", "MIT", "abc123", "Somebody. Films. 2020.")}
    export_pool(Plan(_team.workspace), folder, name="tiny", title="Three tiny sources", about=about)
    return folder


@pytest.fixture
def pool(_made_pool: Path, tmp_path: Path) -> Path:
    """A pool of the test's own."""
    return Path(shutil.copytree(_made_pool, tmp_path / "tiny"))


@pytest.fixture
def edit_manifest(pool: Path) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Change what ``pool.json`` says."""

    def edit(change: Callable[[dict[str, Any]], object]) -> None:
        raw = json.loads((pool / MANIFEST).read_text(encoding="utf-8"))
        change(raw)
        (pool / MANIFEST).write_text(json.dumps(raw), encoding="utf-8")

    return edit


@pytest.fixture
def workspace(
    _empty: Workspace, tmp_path: Path, copy_of: Callable[[Workspace, Path], Workspace]
) -> Workspace:
    """An empty workspace that a test may have beside the team's."""
    return copy_of(_empty, tmp_path / "newcomer")
