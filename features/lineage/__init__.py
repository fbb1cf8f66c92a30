"""Where one row of a ranking comes from, and what would change it."""

from __future__ import annotations

from features.lineage.explaining import explain

__all__ = ["explain"]
