"""Scorers: one number for how well a source suits a target; one file a scorer, found by itself."""

from __future__ import annotations

from models.scorers.fit.logme import logme, logme_from_gram, logme_from_kernel
from models.scorers.inputs import Inputs, check_inputs
from models.scorers.needs import ROWWISE, LowRankUpdate, Need, TokenCounts
from models.scorers.registry import SCORERS, get_scorer
from models.scorers.scorer import Scorer

__all__ = [
    "ROWWISE",
    "SCORERS",
    "Inputs",
    "LowRankUpdate",
    "Need",
    "Scorer",
    "TokenCounts",
    "check_inputs",
    "get_scorer",
    "logme",
    "logme_from_gram",
    "logme_from_kernel",
]
