from __future__ import annotations

from pathlib import Path

import pytest
from support.inbox import at_once

from features.workspace import Workspace


@pytest.fixture
def still(workspace: Workspace) -> Workspace:
    return at_once(workspace)


@pytest.fixture
def sources(still: Workspace) -> Path:
    return still.root / "inbox" / "sources"
