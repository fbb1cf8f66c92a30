"""How a step that fails is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.workspace import Settings

__all__ = ["JITTER", "retrying"]

JITTER = 0.5
"""Retries of several runs that failed for one reason do not come at one moment: up to so much more or less."""


def retrying(settings: Settings) -> dict[str, Any]:
    """A task's options: each retry comes after twice as long as the one before, the first after the settings' delay."""
    from prefect.tasks import exponential_backoff

    run = settings.run
    return {
        "retries": run.retries,
        "retry_delay_seconds": exponential_backoff(run.retry_delay_seconds),
        "retry_jitter_factor": JITTER,
    }
