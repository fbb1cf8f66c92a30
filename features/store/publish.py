"""Publishing: rows whose key is not there yet go in, all of a call or nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from features.store.checks import quoted, to_arrow
from models.errors import StoreError

if TYPE_CHECKING:
    from features.store.tables import Tables
    from features.store.views import View

__all__ = ["insert", "renew_index", "unseen"]

_INDEX_FROM = 8_192
"""Rows without an index above which one is made: below, reading the key column costs less than a lookup saves."""
_INDEX_SHARE = 16
"""An index is made anew when the rows behind it exceed 1/16 of those in it: amortised, a few ms per publish."""


def unseen(tables: Tables, view: View, frame: pl.DataFrame, width: int | None) -> pl.DataFrame:
    """Rows of a checked frame whose key its table does not hold."""
    name = view.table(width)
    if name not in tables.of_view(view):
        return frame
    held = tables.present(name, frame[view.key].to_list())
    return frame.filter(~pl.col(view.key).is_in(held.implode()))


def insert(tables: Tables, view: View, frame: pl.DataFrame, width: int | None) -> int:
    """Insert a checked frame's new rows in one Lance commit; the caller holds the writer's lock.

    Returns
    -------
    int
        How many rows were new.

    Raises
    ------
    StoreError
        LanceDB refused, or a key stands in the table more than once afterwards.
    """
    new = unseen(tables, view, frame, width)
    if new.is_empty():
        return 0
    table = tables.open_or_create(view, width)
    with tables.guard(f"the table {quoted(view.table(width))}"):
        # A plain append would do under the lock; merge_insert also holds where machines share an object store.
        merge = table.merge_insert(view.key).when_not_matched_insert_all()
        inserted = int(merge.execute(to_arrow(view, new, width)).num_inserted_rows)
    _assert_unique(tables, view.table(width), new[view.key].to_list())
    renew_index(tables, view.table(width))
    return inserted


def _assert_unique(tables: Tables, name: str, keys: list[str]) -> None:
    held = tables.present(name, keys)
    if held.len() != len(keys) or held.n_unique() != len(keys):
        raise StoreError(
            f"The table {quoted(name)} holds {held.len()} rows for {len(keys)} keys after publishing them",
            consequence="readings of it cannot be trusted until it is made again from files",
            next_step="springboard rebuild",
        )


def renew_index(tables: Tables, name: str, *, force: bool = False) -> None:
    """Make the index on the key column, or make it anew when too many rows have come since.

    With it, finding which keys are new costs the same whatever the table's size.
    """
    from lancedb.index import BTree

    table: Any = tables.open(name)
    with tables.guard(f"the index of the table {quoted(name)}"):
        stats = table.index_stats("key_idx")
        indexed = stats.num_indexed_rows if stats else 0
        behind = stats.num_unindexed_rows if stats else int(table.count_rows())
        if behind > max(_INDEX_FROM, indexed // _INDEX_SHARE) or (force and behind):
            table.create_index("key", config=BTree(), replace=True, name="key_idx")
