from __future__ import annotations

from pathlib import Path

import pytest
from support.workspaces import change_params

from features.workspace import Workspace


@pytest.fixture
def still(workspace: Workspace) -> Workspace:
    """A workspace that takes what is in its inbox at once."""
    return change_params(workspace, inbox={"settle_seconds": 0.0, "ask_hub_seconds": 0.0})


@pytest.fixture
def sources(still: Workspace) -> Path:
    return still.root / "inbox" / "sources"
