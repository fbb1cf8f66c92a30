"""An environment in which runs are nobody's but the test's."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPRINGBOARD_PROGRESS", "SPRINGBOARD_RECORDING"):
        monkeypatch.delenv(name, raising=False)
