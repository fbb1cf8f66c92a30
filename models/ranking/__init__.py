"""From scores to a ranking: jackknife standard errors, and tiers."""

from __future__ import annotations

from models.ranking.jackknife import jackknife_groups, jackknife_stderr, paired_stderr
from models.ranking.logme_jackknife import logme_jackknife
from models.ranking.logme_maps import LogmeOfMaps
from models.ranking.scorer_jackknife import score_with_replicates
from models.ranking.tiers import assign_tiers

__all__ = [
    "LogmeOfMaps",
    "assign_tiers",
    "jackknife_groups",
    "jackknife_stderr",
    "logme_jackknife",
    "paired_stderr",
    "score_with_replicates",
]
