"""From files to LanceDB: what the store serves is made from artefact files, and can be made from them again."""

from __future__ import annotations

from features.publishing.publish import open_store, publish_ranking, publish_rankings, publish_sources
from features.publishing.restore import rebuild_store

__all__ = ["open_store", "publish_ranking", "publish_rankings", "publish_sources", "rebuild_store"]
