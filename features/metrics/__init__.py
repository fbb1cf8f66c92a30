"""The workspace in numbers, for Prometheus and whatever reads its text form."""

from __future__ import annotations

from features.metrics.exposition import CONTENT_TYPE, to_text, write_metrics
from features.metrics.family import Family
from features.metrics.gathering import gather

__all__ = ["CONTENT_TYPE", "Family", "gather", "to_text", "write_metrics"]
