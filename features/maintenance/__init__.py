"""Keeping a workspace in shape for years: what nobody needs goes, what is there is held against what was recorded."""

from __future__ import annotations

from features.maintenance.run import Maintained, maintain

__all__ = ["Maintained", "maintain"]
