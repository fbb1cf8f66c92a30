"""ESMs from elsewhere, and ours for others: the exchange format, from a folder or the hub, into the pool and out."""

from __future__ import annotations

from features.exchange.exporting import Exported, export_esm
from features.exchange.imports import Import, Imports
from features.exchange.taking import Taken, take_esms, take_tagged

__all__ = ["Exported", "Import", "Imports", "Taken", "export_esm", "take_esms", "take_tagged"]
