"""Publishing: rows whose key is not there yet go in, all of a call or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from features.store.checks import quoted, to_arrow
from features.store.tables import REBUILD
from models.errors import StoreError

if TYPE_CHECKING:
    from features.store.tables import Tables
    from features.store.views import View

__all__ = ["Unseen", "insert", "renew_index", "unseen"]

_INDEX = "key_idx"
_INDEX_FROM = 4_096  # rows without an index above which one is made: below, reading the keys is as quick
_INDEX_SHARE = 48  # made anew when the rows behind it exceed 1/48 of those in it: a few ms per publish


@dataclass(frozen=True)
class Unseen:
    """Rows whose key a table did not hold in one state of it (None: there was no table)."""

    rows: pl.DataFrame
    state: object


def unseen(tables: Tables, view: View, frame: pl.DataFrame, width: int | None) -> Unseen:
    """Rows of a checked frame whose key its table does not hold."""
    name = view.table(width)
    if name not in tables.names():
        return Unseen(frame, None)
    state = tables.state(name)
    held = tables.present(name, frame[view.key].to_list())
    return Unseen(frame.filter(~pl.col(view.key).is_in(held.implode())), state)


def insert(tables: Tables, view: View, frame: pl.DataFrame, width: int | None, seen: Unseen) -> int:
    """Insert a checked frame's new rows in one Lance commit; the caller holds the writer's lock.

    Parameters
    ----------
    frame, width
        What :func:`~features.store.checks.checked` returned.
    seen
        What of it was new before the lock was had; looked up again when the table has changed since.

    Returns
    -------
    int
        How many rows were new.

    Raises
    ------
    StoreError
        LanceDB refused, or a key stands in the table more than once afterwards.
    """
    name = view.table(width)
    table = tables.open_or_create(view, width)
    with tables.guard(f"the table {quoted(name)}"):
        before = int(table.version)
    if seen.state != tables.state(name, table):
        seen = unseen(tables, view, frame, width)
    new = seen.rows
    if new.is_empty():
        return 0
    with tables.guard(f"the table {quoted(name)}"):
        merge = table.merge_insert(view.key).when_not_matched_insert_all()
        # Two writers without a common lock (machines that share a bucket) are kept apart by the primary key,
        # but only on the path without index: with it, one trial of three left duplicates.
        result = merge.use_index(tables.folder is not None).execute(to_arrow(view, new, width))
    inserted = int(result.num_inserted_rows)
    if inserted != new.height or int(result.version) != before + 1:
        # Otherwise the commit followed directly on a version that held none of the keys: they are unique.
        _assert_unique(tables, name, new[view.key].to_list())
    renew_index(tables, name, table)
    return inserted


def _assert_unique(tables: Tables, name: str, keys: list[str]) -> None:
    held = tables.present(name, keys)
    if held.len() != len(keys) or held.n_unique() != len(keys):
        raise StoreError(
            f"The table {quoted(name)} holds {held.len()} rows for {len(keys)} keys after publishing them",
            consequence="readings of it cannot be trusted until it is made again from files",
            next_step=REBUILD,
        )


def renew_index(tables: Tables, name: str, table: Any) -> None:
    """Make the index on the key column, or make it anew when too many rows have come since.

    With it, finding which keys are new costs the same whatever the table's size.
    """
    from lancedb.index import BTree

    with tables.guard(f"the index of the table {quoted(name)}"):
        stats = table.index_stats(_INDEX)
        indexed = stats.num_indexed_rows if stats else 0
        behind = stats.num_unindexed_rows if stats else int(table.count_rows())
        if behind > max(_INDEX_FROM, indexed // _INDEX_SHARE):
            table.create_index("key", config=BTree(), replace=True, name=_INDEX)
