"""Prefect's empty database, made once for all tests: each new server would spend ten seconds on its migrations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

__all__ = ["make_home", "migrated_database"]


def migrated_database(factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a server that has run nothing, made by whichever of xdist's workers asks first."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "prefect-migrated"
    with FileLock(shared / "prefect-migrated.lock"):
        if not home.exists():
            making = home.with_suffix(".part")
            environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
            subprocess.run(
                [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
                env={**environment, "PREFECT_HOME": str(making)},
                check=True,
                capture_output=True,
                timeout=300,
            )
            making.rename(home)
    return home / "prefect.db"


def make_home(database: Path, home: Path) -> Path:
    """A ``PREFECT_HOME`` of one's own with that database."""
    home.mkdir(parents=True)
    shutil.copyfile(database, home / "prefect.db")
    return home
