"""Embedding Space Maps: moments of (base, tuned) pairs, the closed-form fit from them, applying the map."""

from __future__ import annotations

from models.esm.esm import ESM
from models.esm.fit import STRENGTHS, TOLERANCE, Fit, Rank, fit_esm, fit_with_curve
from models.esm.folds import assign_folds
from models.esm.moments import Moments, merge
from models.esm.size import esm_bytes

__all__ = [
    "ESM",
    "STRENGTHS",
    "TOLERANCE",
    "Fit",
    "Moments",
    "Rank",
    "assign_folds",
    "esm_bytes",
    "fit_esm",
    "fit_with_curve",
    "merge",
]
