"""Prefect's own settings as Springboard wants them; to be called before prefect is imported."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

__all__ = ["has_server", "quiet_prefect"]

_DEFAULTS = {
    # The ephemeral server takes 10 to 25 seconds to come up on two cores; its own limit is 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def quiet_prefect(*, for_a_person: bool = False) -> None:
    """Set what the environment leaves open; what a team has set itself stays.

    Parameters
    ----------
    for_a_person
        The command says itself what failed; Prefect's tracebacks beside it would only hide that.
    """
    if os.environ.get("SPRINGBOARD_LOG", "").strip().casefold() == "json":
        # Whoever reads logs by machine wants all of a run's lines, whoever started it.
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")
    elif for_a_person:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def has_server() -> bool:
    """Whether runs go to a server that outlives them, so that events wake other deployments."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    # Asking prefect itself would cost its import, which a command that only names stale targets need not pay.
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
        active = os.environ.get("PREFECT_PROFILE", profiles.get("active"))
        return bool(profiles["profiles"][active].get("PREFECT_API_URL"))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False
