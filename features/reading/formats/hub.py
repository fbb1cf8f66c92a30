"""Datasets on the Hugging Face hub, through its own library; no code of a dataset's is ever run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from features.reading.columns import plain_columns, series_of
from features.reading.formats.hub_card import HubCard, find_card, hub_errors
from features.reading.splits import Published
from features.reading.table import Table
from features.reading.wording import shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from features.reading.options import ReadOptions
    from models.tasks import OnProgress

__all__ = ["read_hub"]

_SAFE_BUILDERS = frozenset({"parquet", "csv", "json", "text", "arrow", "cache"})
"""The library's readers that only parse (and its own cache, of Arrow files); others unpickle or decode media."""
_STREAM_ABOVE = 2 * 2**30
_STREAMED_ROWS = 100_000
_SHUFFLE_BUFFER = 10_000
_BATCH = 1_000


def read_hub(hub_id: str, options: ReadOptions, on_progress: OnProgress) -> Published:
    """Read all splits of a hub dataset at one commit.

    What is larger than 2 GiB is streamed, the first 100,000 rows of each split after a seeded shuffle
    through a buffer (publishers sort by class); :class:`~features.reading.ReadOptions` says otherwise.

    Raises
    ------
    UnknownReferenceError
        No such dataset, revision or subset.
    OfflineError
        The hub cannot be reached, and the dataset is not in its cache.
    UnreadableError
        It is gated, needs code to be run, or its files are broken.
    """
    with hub_errors(hub_id, options):
        card = find_card(hub_id, options)
        with _quiet():
            builder = _builder(card, options)
            files = card.files_of(builder)
            size = sum(int(file["size"] or 0) for file in files)
            stream = options.streaming if options.streaming is not None else size > _STREAM_ABOVE
            splits, notes = (_streamed if stream else _downloaded)(card, options, on_progress)
    origin: dict[str, Any] = {
        "kind": "hub",
        "resolved": card.hub_id,
        "revision": card.commit or _cached_commit(builder),
        "subset": options.subset or builder.config.name,
        "licence": card.licence,
        "citation": card.citation or builder.info.citation or None,
        "format": f"hub {builder.name}",
        "files": files,
    }
    return Published(splits=splits, origin=origin, notes=notes)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from drawing bars of its own; drawing is the caller's business."""
    import datasets

    drew = datasets.are_progress_bars_disabled() is False
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if drew:
            datasets.enable_progress_bars()


def _builder(card: HubCard, options: ReadOptions) -> Any:
    import datasets

    builder = datasets.load_dataset_builder(card.hub_id, options.subset, revision=card.commit)
    if builder.name not in _SAFE_BUILDERS:
        raise UnreadableError(
            f"The hub dataset {shown(card.hub_id)} is made of {shown(builder.name)} files, "
            "which are not read",
            consequence="nothing was read",
            next_step="give a dataset of parquet, csv or json files",
        )
    return builder


def _cached_commit(builder: Any) -> str | None:
    """Tell the commit of what lies in the cache, which the library keeps under its name."""
    commit = str(builder.hash or "")
    return commit if len(commit) == 40 and all(c in "0123456789abcdef" for c in commit) else None


def _downloaded(
    card: HubCard, options: ReadOptions, on_progress: OnProgress
) -> tuple[dict[str, Table], tuple[str, ...]]:
    import datasets

    on_progress(0, 1)
    loaded = datasets.load_dataset(card.hub_id, options.subset, revision=card.commit)
    tables = {}
    for done, (split, part) in enumerate(loaded.items(), start=1):
        frame = pl.from_arrow(part.with_format("arrow")[:])
        if not isinstance(frame, pl.DataFrame):
            raise UnreadableError(f"The split {shown(split)} of {shown(card.hub_id)} is no table")
        tables[str(split)] = _table(frame, part.features)
        on_progress(done, len(loaded))
    return tables, ()


def _streamed(
    card: HubCard, options: ReadOptions, on_progress: OnProgress
) -> tuple[dict[str, Table], tuple[str, ...]]:
    import datasets

    limit = options.max_rows or (None if options.streaming else _STREAMED_ROWS)
    loaded = datasets.load_dataset(card.hub_id, options.subset, revision=card.commit, streaming=True)
    tables = {}
    on_progress(0, len(loaded))
    for done, (split, part) in enumerate(loaded.items(), start=1):
        rows = part if limit is None else part.shuffle(seed=0, buffer_size=_SHUFFLE_BUFFER).take(limit)
        columns: dict[str, list[Any]] = {}
        height = 0
        for batch in rows.iter(batch_size=_BATCH):
            for name, values in batch.items():
                columns.setdefault(name, [None] * height).extend(values)
            height += len(next(iter(batch.values())))
            for values in columns.values():
                values.extend([None] * (height - len(values)))
        tables[str(split)] = _table_of_lists(columns, part.features)
        on_progress(done, len(loaded))
    if limit is None:
        return tables, ()
    return tables, (
        f"streamed: at most {limit} rows a split, shuffled, numbered in the order they were read",
    )


def _table_of_lists(columns: dict[str, list[Any]], features: Any) -> Table:
    series = []
    for name, values in columns.items():
        if any(isinstance(value, list | dict) for value in values):
            series.append(pl.Series(name, values, strict=False))
        elif not any(isinstance(value, bytes) for value in values):
            series.append(series_of(name, values))
    return _table(pl.DataFrame(series), features)


def _table(frame: pl.DataFrame, features: Any) -> Table:
    return Table(
        frame=plain_columns(frame), class_names=_class_names(features or {}), details={"format": "hub"}
    )


def _class_names(features: Any, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Class names by dotted column name, those of lists and objects too."""
    found: dict[str, tuple[str, ...]] = {}
    for name, feature in features.items():
        inner = getattr(feature, "feature", feature)
        names = getattr(inner, "names", None)
        if names:
            found[f"{prefix}{name}"] = tuple(names)
            if inner is not feature:
                found[f"{prefix}{name}.*"] = tuple(names)
        elif isinstance(inner, dict):
            found |= _class_names(inner, f"{prefix}{name}.")
    return found
