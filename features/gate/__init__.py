"""The quality gate: which rows and which datasets may pass, and where the others wait."""

from features.gate.findings import ArtefactReport, Finding, GateReport
from features.gate.rules import RULES
from features.gate.run import run_gate
from features.gate.settings import GateRole, GateSettings, default_params

__all__ = [
    "RULES",
    "ArtefactReport",
    "Finding",
    "GateReport",
    "GateRole",
    "GateSettings",
    "default_params",
    "run_gate",
]
