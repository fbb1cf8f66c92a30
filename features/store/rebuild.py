"""``rebuild``: every table anew from what the files say, swapped in only when it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.store.checks import checked, quoted
from features.store.lock import writing
from features.store.publish import insert, unseen
from features.store.swap import copy_over, discard, recover, staging_uri, swap_in
from features.store.tables import REBUILD, Tables
from features.store.upkeep import all_tags
from features.store.views import View, get_view
from models.errors import StoreError
from models.tasks import OnProgress, silent

__all__ = ["Rebuilt", "rebuild"]

_BUFFER_ROWS = 16_384
_BUFFER_BYTES = 64 << 20


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild made.

    Attributes
    ----------
    rows
        View -> rows.
    dropped_tags
        Tags of the old store: they name versions of tables that are no more. What they stood for is
        reached by ``as_of``, which reads timestamps.
    """

    rows: dict[str, int]
    dropped_tags: tuple[str, ...]


def rebuild(
    uri: str,
    frames: Iterable[tuple[str, pl.DataFrame]],
    *,
    lock_dir: Path,
    storage_options: dict[str, str] | None = None,
    lock_timeout: float = 60,
    total: int | None = None,
    on_progress: OnProgress = silent,
) -> Rebuilt:
    """Make a store anew from batches of (view, rows), and put it in the old one's place when it is whole.

    A local folder is swapped by renames, so any failure before leaves the old store as it was. An object
    store cannot rename: the new tables are made and checked beside the old ones, then written over them.

    Parameters
    ----------
    uri, lock_dir, storage_options, lock_timeout
        As for :meth:`Store.open`. The writer's lock is held throughout, so that nothing published is lost.
    frames
        The batches, in any order and size; of rows with one key the first stays.
    total
        How many batches there will be, for progress.
    on_progress
        Called with (batches done, batches in all).

    Raises
    ------
    StoreError
        Rows that are not what their view holds, or tables that do not hold afterwards what went in.
    BusyError
        Another run holds the writer's lock.
    """
    old = Tables(uri, storage_options)
    in_all = total if total is not None else len(frames) if isinstance(frames, Sized) else 0
    with writing(Path(lock_dir), lock_timeout):
        if old.folder is not None:
            recover(old.folder)
        new = Tables(staging_uri(old), storage_options)
        discard(new)
        with _discarded_on_failure(new):
            builder = _Builder(new)
            for done, (view, rows) in enumerate(frames, start=1):
                builder.add(view, rows)
                on_progress(done, max(done, in_all))
            counts = builder.finish()
            tags = _old_tags(old)
            _put_in_place(old, new)
    return Rebuilt(counts, tags)


class _Builder:
    """Gathers small batches into large writes: a table of 1,500 fragments reads slowly."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._pending: dict[tuple[str, int | None], list[pl.DataFrame]] = {}
        self._keys: dict[tuple[str, int | None], list[pl.Series]] = {}
        # LanceDB makes the folder with the first table only; a store without any rows is a folder, too.
        if tables.folder is not None:
            tables.folder.mkdir(parents=True)

    def add(self, name: str, rows: pl.DataFrame) -> None:
        view = get_view(name)
        frame, width = checked(view, rows)
        if frame.is_empty():
            return
        where = (view.name, width)
        self._keys.setdefault(where, []).append(frame[view.key])
        pending = self._pending.setdefault(where, [])
        pending.append(frame)
        if (
            sum(f.height for f in pending) >= _BUFFER_ROWS
            or sum(f.estimated_size() for f in pending) >= _BUFFER_BYTES
        ):
            self._flush(view, width)

    def _flush(self, view: View, width: int | None) -> None:
        pending = self._pending.pop((view.name, width), [])
        if pending:
            frame = pl.concat(pending).unique(view.key, keep="first", maintain_order=True)
            insert(self._tables, view, frame, width, unseen(self._tables, view, frame, width))

    def finish(self) -> dict[str, int]:
        """Write what is pending, and compare every table's keys with those that were given."""
        counts: dict[str, int] = {}
        for (name, width), given in self._keys.items():
            view = get_view(name)
            self._flush(view, width)
            wanted = pl.concat(given).unique().sort()
            held = self._tables.scan(view.table(width), [view.key])[view.key].sort()
            if not held.equals(wanted):
                raise StoreError(
                    f"The rebuilt table {quoted(view.table(width))} holds {held.len()} keys, "
                    f"{wanted.len()} were given",
                    consequence="the old store stands as it was",
                    next_step=REBUILD,
                )
            counts[name] = counts.get(name, 0) + held.len()
        return counts


@contextmanager
def _discarded_on_failure(new: Tables) -> Iterator[None]:
    try:
        yield
    except BaseException:
        discard(new)
        raise


def _old_tags(old: Tables) -> tuple[str, ...]:
    try:
        return tuple(all_tags(old))
    except StoreError:
        return ()  # a broken store is what rebuild is for


def _put_in_place(old: Tables, new: Tables) -> None:
    if old.folder is not None and new.folder is not None:
        swap_in(old.folder, new.folder)
        return
    copy_over(old, new)
    discard(new)
