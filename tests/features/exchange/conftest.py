"""ESMs of the exchange format as wide as the tiny encoder, and a workspace whose encoder they stand on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.exchange_esms import Esm, write_esm
from support.workspaces import Team, change_params

from features.workspace import Workspace


@pytest.fixture
def esm(tmp_path: Path, tiny_encoder_folder: Path) -> Esm:
    """Writes an ESM for the tiny encoder; keyword arguments change its config."""

    def write(name: str, seed: int = 0, base: str | None = None, **config: Any) -> Path:
        return write_esm(tmp_path / "esms" / name, base or str(tiny_encoder_folder), seed=seed, **config)

    return write


@pytest.fixture
def pooled(team: Team) -> Workspace:
    """The team's workspace, pooling as hf-dataset-selector does for a BERT; its sources wait for an ingest."""
    return change_params(team.workspace, encoder={"pooling": "pooler"})
