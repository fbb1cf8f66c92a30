"""A store in a fresh folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from store_frames import registry

from features.store import Store


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[..., Store]:
    def make(*rows: tuple[str, str, int], lock_timeout: float = 60) -> Store:
        return Store.open(
            str(tmp_path / "lance"),
            lock_dir=tmp_path / "locks",
            lock_timeout=lock_timeout,
            resolver=registry(*(rows or (("a", "v1", 0),))),
        )

    return make


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()
