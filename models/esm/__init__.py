"""Embedding Space Maps: moments of (base, tuned) pairs, the closed-form fit from them, applying the map."""

from __future__ import annotations

from models.esm.esm import ESM
from models.esm.fit import STRENGTHS, fit_esm
from models.esm.folds import assign_folds
from models.esm.moments import Moments, merge

__all__ = ["ESM", "STRENGTHS", "Moments", "assign_folds", "fit_esm", "merge"]
