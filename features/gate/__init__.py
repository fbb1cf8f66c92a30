"""The quality gate: which rows, datasets and artefacts may pass, and where the others wait."""

from features.gate.artefacts import check_embeddings, check_esm, check_moments
from features.gate.findings import ArtefactReport, Finding, GateReport
from features.gate.quarantine import read_refused_rows, refusal_record, write_refused_rows
from features.gate.rules import RULES
from features.gate.run import run_gate
from features.gate.settings import GateRole, GateSettings, default_params
from features.gate.waiver import Waiver, content_digest, row_digests

__all__ = [
    "RULES",
    "ArtefactReport",
    "Finding",
    "GateReport",
    "GateRole",
    "GateSettings",
    "Waiver",
    "check_embeddings",
    "check_esm",
    "check_moments",
    "content_digest",
    "default_params",
    "read_refused_rows",
    "refusal_record",
    "row_digests",
    "run_gate",
    "write_refused_rows",
]
