"""Publishing the pool's sources: a few commits for all that is new, and few files for all that is old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from features.publishing import frames
from features.publishing.publish import open_store
from models.errors import StoreError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.store import Store

__all__ = ["publish_sources"]

_AT_ONCE = 64
"""Sources in one commit of a table: enough for its cost to vanish, few enough for memory (20 MB of samples)."""

_FRAGMENTS = 64
"""Files of a table above which they are merged: with hundreds of them a publish, and still more a look-up of many
keys, costs several times what it costs in a merged table. Merging takes seconds, so it is not done each time."""

_KEPT = timedelta(hours=1)
"""How long what was merged stays for readers that still have it open; times past are read by timestamp."""


def publish_sources(plan: Plan) -> int:
    """Publish every ready source that the store lacks; returns the number of new rows.

    Of a source that came with a ready-made pool there are no rows to serve, and so no row embeddings.
    It looks at the whole pool and not only at what a run has made, so that what a killed run left unpublished
    is caught up with.

    Raises
    ------
    ArtefactError
        A file of a source that is not published yet is broken.
    StoreError
        A table is broken; ``springboard rebuild`` makes it anew.
    """
    store = open_store(plan)
    published = 0
    for view, rows in _lacking(plan, store):
        published += store.publish(view, rows)
    if published and store.fragments() > _FRAGMENTS:
        # The rows are published: that the house could not be tidied is no reason to fail, and the next publish
        # tries again.
        with suppress(StoreError):
            store.optimize(_KEPT)
    return published


def _lacking(plan: Plan, store: Store) -> Iterator[tuple[str, pl.DataFrame]]:
    """(view, rows) to publish, in an order in which a source whose ESM is served has all else there too."""
    present = {kind: set(_stems(plan.workspace.folder(kind))) for kind in ("embeddings", "esms")}
    every = ((source, plan.source_keys(source)) for source in plan.pool())
    ready = [
        (source.version, keys)
        for source, keys in every
        if keys.esm in present["esms"] and keys.embedding in present["embeddings"]
    ]
    # One dataset may stand in the pool more than once, with different tuned models.
    datasets = _missing(store, "dataset_profile", [version for version, _ in ready])
    dataset_of = {keys.embedding: version for version, keys in ready}
    embeddings = _missing(store, "centroid", list(dataset_of))
    pooled = [one for one in plan.registry.pooled().values() if plan.path("pools", one.file).exists()]
    file_of = {one.version: one.file for one in pooled}
    profiles = _missing(store, "dataset_profile", [key for key in file_of if key not in set(datasets)])
    centroids = _missing(store, "centroid", [one.file for one in pooled])
    esms = _missing(
        store,
        "esm",
        [keys.esm for _, keys in ready] + [one.esm for one in pooled if one.esm in present["esms"]],
    )

    def sample(key: str) -> pl.DataFrame:
        return frames.sample_rows(plan.path("embeddings", key), plan.path("datasets", dataset_of[key]))

    yield from _batches(
        "dataset_profile", datasets, lambda key: frames.profile_rows(plan.path("datasets", key))
    )
    # The centroid goes after the rows: where it is, they are.
    yield from _batches("row_embedding", embeddings, sample)
    yield from _batches(
        "centroid", embeddings, lambda key: frames.centroid_rows(plan.path("embeddings", key))
    )
    yield from _batches(
        "dataset_profile",
        profiles,
        lambda key: frames.pooled_profile_rows(plan.path("pools", file_of[key])),
    )
    yield from _batches(
        "centroid", centroids, lambda key: frames.pooled_centroid_rows(plan.path("pools", key))
    )
    yield from _batches("esm", esms, lambda key: frames.esm_rows(plan.path("esms", key)))


def _stems(folder: Path) -> Iterable[str]:
    return (path.stem for path in folder.glob("[!.]*.safetensors"))


def _missing(store: Store, view: str, keys: list[str]) -> list[str]:
    return store.missing_keys(view, list(dict.fromkeys(keys)))


def _batches(
    view: str, keys: list[str], rows_of: Callable[[str], pl.DataFrame]
) -> Iterator[tuple[str, pl.DataFrame]]:
    for start in range(0, len(keys), _AT_ONCE):
        chosen = [rows_of(key) for key in keys[start : start + _AT_ONCE]]
        yield view, pl.concat(chosen, how="vertical_relaxed")
