"""An empty workspace that a test may have beside the team's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from features.workspace import Workspace


@pytest.fixture
def workspace(
    _empty: Workspace, tmp_path: Path, copy_of: Callable[[Workspace, Path], Workspace]
) -> Workspace:
    return copy_of(_empty, tmp_path / "newcomer")
