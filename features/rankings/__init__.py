"""Rankings: which sources to try first for a target; scored where new, kept for ever, shown to people."""

from __future__ import annotations

from features.rankings.choosing import Work, chosen_scorers, work_of
from features.rankings.history import ranking_as_of, rankings_of, shown_ranking
from features.rankings.refresh import Refreshed, refresh_target
from features.rankings.staleness import Freshness, freshness, stale_targets

__all__ = [
    "Freshness",
    "Refreshed",
    "Work",
    "chosen_scorers",
    "freshness",
    "ranking_as_of",
    "rankings_of",
    "refresh_target",
    "shown_ranking",
    "stale_targets",
    "work_of",
]
