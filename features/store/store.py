"""The store: one object that publishes feature rows and reads them back as they were at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.store import asof, upkeep
from features.store.checks import checked
from features.store.entities import Resolver, resolve, utc
from features.store.lock import writing
from features.store.publish import insert, unseen
from features.store.search import Metric, search
from features.store.swap import recover
from features.store.tables import Tables
from features.store.views import get_view

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

__all__ = ["Resolver", "Store"]

_MONTH = timedelta(days=30)


class Store:
    """LanceDB tables by view. Open it with :meth:`open`; it holds no file open and needs no closing.

    Files are the truth: whatever is in here can be made again by :func:`features.store.rebuild`.
    """

    def __init__(
        self, tables: Tables, lock_dir: Path, lock_timeout: float, resolver: Resolver | None
    ) -> None:
        self._tables = tables
        self._lock_dir = lock_dir
        self._lock_timeout = lock_timeout
        self._resolver = resolver

    @classmethod
    def open(
        cls,
        uri: str,
        *,
        lock_dir: Path,
        storage_options: dict[str, str] | None = None,
        lock_timeout: float = 60,
        resolver: Resolver | None = None,
    ) -> Store:
        """Open a store, empty when there is none yet.

        Parameters
        ----------
        uri
            A folder, or what LanceDB opens like one (``s3://bucket/prefix``).
        lock_dir
            A local folder for the writer's lock.
        storage_options
            Passed to LanceDB (``region``, ``endpoint``, ...).
        lock_timeout
            Seconds to wait for another writer.
        resolver
            What :meth:`get` looks names up in.

        Raises
        ------
        StoreError
            A table is broken or of another layout; the message names it.
        """
        tables = Tables(uri, storage_options)
        store = cls(tables, Path(lock_dir), lock_timeout, resolver)
        if tables.folder is not None and not tables.folder.exists():
            with store.writer():
                recover(tables.folder)
        for name in upkeep.ours(tables):
            tables.open(name)
        return store

    @property
    def uri(self) -> str:
        """Where it is."""
        return self._tables.uri

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Hold the writer's lock; within one thread it may be taken again only after it was given back.

        Raises
        ------
        BusyError
            Another run holds it.
        """
        with writing(self._lock_dir, self._lock_timeout):
            yield

    def publish(self, view: str, rows: pl.DataFrame) -> int:
        """Insert the rows whose key is not there yet; a key that is there keeps the row it has.

        All of a call is stored or nothing of it, also when the process is killed. When nothing is new,
        nothing is written and no lock is waited for.

        Returns
        -------
        int
            How many rows were new.

        Raises
        ------
        StoreError
            An unknown view, or rows that are not what the view holds.
        BusyError
            Another run has been writing for longer than the lock's timeout.
        """
        what = get_view(view)
        frame, width = checked(what, rows)
        if frame.is_empty():
            return 0
        seen = unseen(self._tables, what, frame, width)
        if seen.rows.is_empty():
            return 0
        with self.writer():
            return insert(self._tables, what, frame, width, seen)

    def get(
        self,
        view: str,
        entities: Sequence[str] | None,
        *,
        as_of: datetime | None = None,
        encoder: str | None = None,
    ) -> pl.DataFrame:
        """Rows of a view for registered names, as they were at a time.

        Parameters
        ----------
        view
            Name of the view.
        entities
            Names (``name``: the version it stood for at ``as_of``; ``name@version``: that version), or None
            for all. For ``score`` and ``ranking`` they are targets. A name without rows here yields none.
        as_of
            Rows created later are unseen. None: now.
        encoder
            Only rows of this encoder id.

        Returns
        -------
        pl.DataFrame
            ``entity``, ``version``, then the view's columns: of several rows about the same entity, version,
            encoder and sub-keys the latest.

        Raises
        ------
        StoreError
            An unknown view.
        NamingError
            A name that is not registered.
        SettingsError
            A time without zone, or vectors of several widths and no encoder named.
        """
        what = get_view(view)
        moment = utc(as_of)
        pairs = resolve(entities, moment, self._resolver)
        return asof.read(self._tables, what, pairs, as_of=moment, encoder=encoder)

    def keys(self, view: str) -> set[str]:
        """All keys of a view."""
        what = get_view(view)
        return {
            key
            for name in self._tables.of_view(what)
            for key in self._tables.scan(name, [what.key])[what.key]
        }

    def missing_keys(self, view: str, keys: Sequence[str]) -> list[str]:
        """Which of ``keys`` a view does not hold, in the order given."""
        what = get_view(view)
        held = {key for name in self._tables.of_view(what) for key in self._tables.present(name, list(keys))}
        return [key for key in keys if key not in held]

    def count(self, view: str) -> int:
        """Rows of a view, over all widths."""
        return sum(self._tables.count(name) for name in self._tables.of_view(get_view(view)))

    def vector_search(
        self,
        view: str,
        vector: Sequence[float] | np.ndarray,
        k: int,
        encoder: str,
        *,
        metric: Metric = "cosine",
    ) -> pl.DataFrame:
        """Return the ``k`` rows of one encoder nearest to ``vector``, with ``distance``, nearest first.

        Raises
        ------
        SettingsError
            A view without vectors, or a vector or ``k`` that cannot be searched with.
        """
        return search(self._tables, get_view(view), vector, k, encoder, metric)

    def versions(self) -> dict[str, int]:
        """Table -> the Lance version it is at."""
        return upkeep.versions(self._tables)

    def written_at(self, table: str, version: int) -> datetime | None:
        """When a version of a table was written, as naive local time; None where it is gone."""
        return upkeep.written_at(self._tables, table, version)

    def tag(self, name: str, at: Mapping[str, int] | None = None) -> None:
        """Tag tables.

        Parameters
        ----------
        name
            The tag.
        at
            Table -> Lance version; all tables as they are now when not given.

        Raises
        ------
        NamingError
            A name that cannot be a tag, or is one already.
        """
        with self.writer():
            upkeep.add_tag(self._tables, name, at)

    def untag(self, name: str) -> None:
        """Take a tag off all tables.

        Raises
        ------
        NamingError
            There is no such tag.
        """
        with self.writer():
            upkeep.remove_tag(self._tables, name)

    def tags(self) -> dict[str, dict[str, int]]:
        """Tag -> table -> Lance version."""
        return upkeep.all_tags(self._tables)

    def fragments(self) -> int:
        """How many files the table with the most has; every read and look-up opens all of a table's files."""
        return upkeep.most_fragments(self._tables)

    def optimize(self, older_than: timedelta = _MONTH) -> dict[str, str]:
        """Merge small files and drop versions older than ``older_than``, but none that a tag holds.

        Returns
        -------
        dict
            Table -> ``cleaned`` or ``kept for tag <name>``.
        """
        with self.writer():
            return upkeep.compact(self._tables, older_than)
