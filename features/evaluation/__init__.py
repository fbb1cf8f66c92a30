"""Does the ranking pick the right source? Tables of results and predictions, held against each other."""

from __future__ import annotations

from features.evaluation.report import evaluate
from features.evaluation.writing import write_evaluation

__all__ = ["evaluate", "write_evaluation"]
