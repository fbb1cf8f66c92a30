"""Scorers: one number for how well features fit a target's labels; one file a scorer, one registry line."""

from __future__ import annotations

from models.scorers.inputs import Inputs, check_inputs
from models.scorers.logme import logme, logme_from_gram, logme_from_kernel
from models.scorers.registry import SCORERS, get_scorer
from models.scorers.scorer import Scorer

__all__ = [
    "SCORERS",
    "Inputs",
    "Scorer",
    "check_inputs",
    "get_scorer",
    "logme",
    "logme_from_gram",
    "logme_from_kernel",
]
