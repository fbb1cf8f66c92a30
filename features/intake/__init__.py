"""A dataset's way in: read, map, gate, cap, version, register; all at once or not at all."""

from __future__ import annotations

from features.intake.add import Added, add_dataset, restore_datasets
from features.intake.options import AddOptions
from features.intake.overlaps import allow_overlaps

__all__ = ["AddOptions", "Added", "add_dataset", "allow_overlaps", "restore_datasets"]
