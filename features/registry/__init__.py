"""Append-only ledgers: which sources and targets there are, and what became of them."""

from __future__ import annotations

from features.registry.entries import Entry, Kind, Pooled, Registry
from features.registry.ledger import Ledger, now_utc

__all__ = ["Entry", "Kind", "Ledger", "Pooled", "Registry", "now_utc"]
