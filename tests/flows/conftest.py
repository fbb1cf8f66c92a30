"""A Prefect server for the session, and an environment in which runs are nobody's but the test's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.environment import quiet_prefect


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    quiet_prefect(for_a_person=True)
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPRINGBOARD_PROGRESS", "SPRINGBOARD_RECORDING"):
        monkeypatch.delenv(name, raising=False)
