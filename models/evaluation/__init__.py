"""Does a ranking pick the right source? Measures of rankings against what fine-tuning showed, arrays in and out."""

from __future__ import annotations

from models.evaluation.comparing import (
    ORACLE,
    RANDOM,
    Comparison,
    Interval,
    TargetTruth,
    compare,
    groups_needed,
)
from models.evaluation.contest import KS, MEASURES, Contest
from models.evaluation.growth import AtSize, pool_sizes, regret_by_pool_size
from models.evaluation.popularity import Likeness, likeness, popularity
from models.evaluation.splits import Split, seed_splits
from models.evaluation.variance import Shares, variance_shares

__all__ = [
    "KS",
    "MEASURES",
    "ORACLE",
    "RANDOM",
    "AtSize",
    "Comparison",
    "Contest",
    "Interval",
    "Likeness",
    "Shares",
    "Split",
    "TargetTruth",
    "compare",
    "groups_needed",
    "likeness",
    "pool_sizes",
    "popularity",
    "regret_by_pool_size",
    "seed_splits",
    "variance_shares",
]
