"""Ready-made pools: sources without their rows, made by the product's own ingest, shipped and put into a workspace."""

from __future__ import annotations

from features.pools.adding import AddedPool, add_pool
from features.pools.exporting import ExportedPool, export_pool
from features.pools.finding import find_pool, shipped_pools
from features.pools.layout import About, Manifest, read_manifest
from features.pools.restoring import restore_pools

__all__ = [
    "About",
    "AddedPool",
    "ExportedPool",
    "Manifest",
    "add_pool",
    "export_pool",
    "find_pool",
    "read_manifest",
    "restore_pools",
    "shipped_pools",
]
