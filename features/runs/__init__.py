"""Which flows run on this workspace, which ended how, and which never ended."""

from __future__ import annotations

from features.runs.journal import (
    Begun,
    Outcome,
    Running,
    begin,
    finish,
    forget,
    last_of_flows,
    note_killed,
    running,
)
from features.runs.state import WHOLE, Failing, FlowState

__all__ = [
    "WHOLE",
    "Begun",
    "Failing",
    "FlowState",
    "Outcome",
    "Running",
    "begin",
    "finish",
    "forget",
    "last_of_flows",
    "note_killed",
    "running",
]
