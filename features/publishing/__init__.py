"""From files to LanceDB: what the store serves is made from artefact files, and can be made from them again."""

from __future__ import annotations

from features.publishing.publish import open_store, publish_ranking, publish_rankings
from features.publishing.restore import missing_datasets, rebuild_store
from features.publishing.sources import publish_sources

__all__ = [
    "missing_datasets",
    "open_store",
    "publish_ranking",
    "publish_rankings",
    "publish_sources",
    "rebuild_store",
]
