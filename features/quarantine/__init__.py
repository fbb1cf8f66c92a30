"""Quarantine until somebody decides: what waits, and releasing or dropping it with a reason."""

from __future__ import annotations

from features.quarantine.decisions import Decisions, Lifted
from features.quarantine.dropping import Dropped, drop, remove_dropped
from features.quarantine.releasing import Released, release
from features.quarantine.waiting import Waiting, waiting_of

__all__ = [
    "Decisions",
    "Dropped",
    "Lifted",
    "Released",
    "Waiting",
    "drop",
    "release",
    "remove_dropped",
    "waiting_of",
]
