"""Prefect's server, one for all tests of this folder: a single worker of xdist runs them (``tests/conftest.py``)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.environment import quiet_prefect


@pytest.fixture(scope="session")
def prefect_server(prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    quiet_prefect(for_a_person=True)
    from prefect.testing import utilities

    # The harness wants a new folder for its database; it gets one where that lies already, migrated.
    folder = tmp_path_factory.mktemp("prefect")
    shutil.copyfile(prefect_database, folder / "prefect-test.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utilities, "mkdtemp", lambda: str(folder))
        with utilities.prefect_test_harness(server_startup_timeout=120):
            yield
