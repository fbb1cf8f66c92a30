"""Publishing: what is in the files and not yet in LanceDB goes there; nothing that is there is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.publishing import frames
from features.registry.entries import Entry, Kind
from features.store import Store

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.refresh import Refreshed

__all__ = ["open_store", "publish_ranking", "publish_sources"]


def open_store(plan: Plan) -> Store:
    """The workspace's LanceDB, with the registry to look names up in.

    Raises
    ------
    StoreError
        A table is broken; ``springboard rebuild`` makes it anew.
    """
    workspace = plan.workspace
    return Store.open(
        workspace.store_uri,
        lock_dir=workspace.private / "locks",
        lock_timeout=workspace.settings.run.lock_timeout_seconds,
        resolver=plan.registry.resolve,
    )


def publish_sources(plan: Plan) -> int:
    """Publish every ready source that the store lacks; returns the number of new rows.

    It looks at the whole pool and not only at what a run has made, so that what a killed run left unpublished
    is caught up with.
    """
    store = open_store(plan)
    ready = [source for source in plan.pool() if plan.is_ready(source)]
    keys = {source.name: plan.source_keys(source) for source in ready}
    lacking_esm = set(store.missing_keys("esm", [key.esm for key in keys.values()]))
    lacking_centroid = set(store.missing_keys("centroid", [key.embedding for key in keys.values()]))
    lacking_profile = set(store.missing_keys("dataset_profile", [source.version for source in ready]))
    published = 0
    for source in ready:
        key = keys[source.name]
        if source.version in lacking_profile:
            published += store.publish(
                "dataset_profile", frames.profile_rows(plan.path("datasets", source.version))
            )
        if key.embedding in lacking_centroid:
            published += _publish_embedding(plan, store, source, key.embedding)
        # Last, so that a source whose ESM is served has everything else there too.
        if key.esm in lacking_esm:
            published += store.publish("esm", frames.esm_rows(plan.path("esms", key.esm)))
    return published


def _publish_embedding(plan: Plan, store: Store, entry: Entry, key: str) -> int:
    path = plan.path("embeddings", key)
    rows = store.publish("row_embedding", frames.sample_rows(path, plan.path("datasets", entry.version)))
    # The centroid goes last: where it is, the rows are.
    return rows + store.publish("centroid", frames.centroid_rows(path))


def publish_ranking(plan: Plan, refreshed: Refreshed) -> int:
    """Publish a refreshed target: its profile, embeddings, scores and ranking; returns the number of new rows."""
    store = open_store(plan)
    target = plan.registry.get(Kind.TARGET, refreshed.target)
    published = 0
    if store.missing_keys("dataset_profile", [target.version]):
        published += store.publish(
            "dataset_profile", frames.profile_rows(plan.path("datasets", target.version))
        )
    key = plan.embedding_key(target.version, Kind.TARGET)
    if store.missing_keys("centroid", [key]):
        published += _publish_embedding(plan, store, target, key)
    published += store.publish("score", frames.score_rows(refreshed.scores))
    return published + store.publish("ranking", frames.ranking_rows(refreshed.ranking))
