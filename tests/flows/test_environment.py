"""Whether a run goes to a server that outlives it, told without importing prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.environment import has_server

PROFILES = """
# PREFECT_API_URL stands in a comment and in a profile that is not the active one
active = "alone"

[profiles.alone]
PREFECT_LOGGING_LEVEL = "INFO"

[profiles.team]
PREFECT_API_URL = "http://127.0.0.1:4200/api"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


def test_no_profiles_no_server(home: Path) -> None:
    assert not has_server()


def test_only_the_active_profile_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "profiles.toml").write_text(PROFILES, encoding="utf-8")
    assert not has_server()
    monkeypatch.setenv("PREFECT_PROFILE", "team")
    assert has_server()
    monkeypatch.setenv("PREFECT_PROFILE", "nobody")
    assert not has_server()


def test_the_environment_comes_first_and_a_broken_file_is_none(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "profiles.toml").write_text("active = [", encoding="utf-8")
    assert not has_server()
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    assert has_server()
