"""A Prefect server for the session, and workspaces on the real MiniLM with very short tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flow_support import write_params

from features.workspace import Workspace, init_workspace
from flows.environment import quiet_prefect


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    quiet_prefect(for_a_person=True)
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    def make(name: str = "workspace", **sections: dict[str, object]) -> Workspace:
        quick = {
            "tuning": {"max_steps": 2, "batch_size": 8},
            "caps": {"source_rows": 60, "target_rows": 60},
            "run": {"retries": 1, "retry_delay_seconds": 0},
            "ranking": {"jackknife_groups": 5},
        }
        for section, values in sections.items():
            quick[section] = {**quick.get(section, {}), **values}
        return write_params(init_workspace(tmp_path / name), **quick)  # type: ignore[arg-type]

    return make


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPRINGBOARD_WORKSPACE", "SPRINGBOARD_PROGRESS", "SPRINGBOARD_RECORDING"):
        monkeypatch.delenv(name, raising=False)
