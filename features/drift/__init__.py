"""What became of a target's rows when its name began to stand for others, and whether its ranking may move by it."""

from __future__ import annotations

from features.drift.finding import drift_of, kept_drifts, note_drift, note_drifts
from features.drift.words import headline_of, sentences_of

__all__ = ["drift_of", "headline_of", "kept_drifts", "note_drift", "note_drifts", "sentences_of"]
