"""Calibration: from evidence of past transfers to an expected gain with an interval that holds for new targets."""

from __future__ import annotations

from models.calibration.calibration import Calibration, Gains, calibrate
from models.calibration.conformal import targets_needed
from models.calibration.evidence import FEATURES, Evidence, Pairs, filled_stderr
from models.calibration.holdout import HeldOut, TargetCheck, hold_out
from models.calibration.methods import DEFAULT_METHOD, METHODS

__all__ = [
    "DEFAULT_METHOD",
    "FEATURES",
    "METHODS",
    "Calibration",
    "Evidence",
    "Gains",
    "HeldOut",
    "Pairs",
    "TargetCheck",
    "calibrate",
    "filled_stderr",
    "hold_out",
    "targets_needed",
]
