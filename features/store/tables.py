"""The one place that talks to LanceDB: connecting, opening, creating, and turning its errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import polars as pl

from features.store.checks import quoted
from features.store.views import LAYOUT, VIEWS, View
from models.errors import SpringboardError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["REBUILD", "Tables", "local_folder"]

REBUILD = "springboard rebuild"
_IN_LIST = 2_000  # an `in` list longer than this costs more than reading the key column


def local_folder(uri: str) -> Path | None:
    """Folder that a URI names on this machine, or None for an object store."""
    if "://" not in uri:
        return Path(uri).absolute()
    parts = urlsplit(uri)
    return Path(unquote(parts.path)).absolute() if parts.scheme == "file" else None


class Tables:
    """Tables of one LanceDB database, by view and width.

    Parameters
    ----------
    uri
        A folder or an address that LanceDB opens (``s3://...``).
    storage_options
        Passed to LanceDB as they are.
    """

    def __init__(self, uri: str, storage_options: dict[str, str] | None = None) -> None:
        self.uri = uri
        self.folder = local_folder(uri)
        self._options = storage_options
        self._identity: object = None
        self._db: Any = None

    @property
    def db(self) -> Any:
        """The connection, made anew when a rebuild has put another folder in this one's place."""
        identity = self._folder_identity()
        if self._db is None or identity != self._identity:
            self._db = self._connect()
            self._identity = self._folder_identity()
        return self._db

    def _folder_identity(self) -> object:
        if self.folder is None or not self.folder.exists():
            return None
        status = self.folder.stat()
        return (status.st_dev, status.st_ino)

    def _connect(self) -> Any:
        import lancedb

        with self.guard("the store"):
            # An interval of zero: every read sees what other processes have written.
            uri = str(self.folder) if self.folder is not None else self.uri
            return lancedb.connect(uri, read_consistency_interval=timedelta(0), storage_options=self._options)

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Turn whatever LanceDB raises into a :class:`StoreError` that names ``what``."""
        try:
            yield
        except SpringboardError:
            raise
        except Exception as error:
            raise StoreError(
                f"The LanceDB store at {quoted(self.uri, 200)} cannot use {what}: {quoted(error, 300)}",
                consequence="nothing was changed; every table can be made again from files",
                next_step=REBUILD,
            ) from error

    def names(self) -> list[str]:
        """All table names, sorted."""
        names: list[str] = []
        token: str | None = None
        with self.guard("its list of tables"):
            while True:
                page = self.db.list_tables(page_token=token, limit=1_000)
                names += page.tables
                token = page.page_token
                if not token:
                    return sorted(names)

    def of_view(self, view: View) -> list[str]:
        """Tables of a view: one, or one for each width."""
        if view.vector_column is None:
            return [view.name] if view.name in self.names() else []
        prefix = f"{view.name}__"
        return [name for name in self.names() if name.startswith(prefix) and name[len(prefix) :].isdigit()]

    def open(self, name: str) -> Any:
        """Open a table at its latest version.

        Raises
        ------
        StoreError
            The table is broken, or of another layout than this version of Springboard writes.
        """
        with self.guard(f"the table {quoted(name)}"):
            table = self.db.open_table(name)
            schema = table.schema
        self._check_layout(name, schema)
        return table

    def _check_layout(self, name: str, schema: Any) -> None:
        base, _, width = name.partition("__")
        view = VIEWS.get(base)
        if view is None:
            return  # not one of ours: left alone
        wanted = view.schema(int(width) if width.isdigit() else None)
        layout = (schema.metadata or {}).get(b"springboard.layout", b"").decode()
        if layout != str(LAYOUT) or not schema.equals(wanted, check_metadata=False):
            raise StoreError(
                f"The table {quoted(name)} of the store at {quoted(self.uri, 200)} has layout "
                f"{quoted(layout)}, this version reads layout '{LAYOUT}' with the view's columns",
                consequence="it was left alone; every table can be made again from files",
                next_step=REBUILD,
            )

    def open_or_create(self, view: View, width: int | None) -> Any:
        """Open a view's table for a width, made empty when it is not there yet."""
        name = view.table(width)
        if name in self.names():
            return self.open(name)
        with self.guard(f"the new table {quoted(name)}"):
            return self.db.create_table(name, schema=view.schema(width), exist_ok=True)

    def scan(self, name: str, columns: Sequence[str] | None = None, where: Any = None) -> pl.DataFrame:
        """Read a table, or some columns of it; ``where`` is a LanceDB ``Expr``, never a string."""
        table = self.open(name)
        with self.guard(f"the table {quoted(name)}"):
            query = table.search()
            if columns is not None:
                query = query.select(list(columns))
            if where is not None:
                query = query.where(where)
            return _frame(query.to_arrow())

    def present(self, name: str, keys: Sequence[str]) -> pl.Series:
        """Which of ``keys`` a table holds; a key that it holds twice comes twice."""
        from lancedb.expr import col

        if not keys:
            return pl.Series("key", [], dtype=pl.String)
        if len(keys) > _IN_LIST:
            held = self.scan(name, ["key"])
            return held.filter(pl.col("key").is_in(pl.Series(keys).implode()))["key"]
        return self.scan(name, ["key"], col("key").isin(list(keys)))["key"]

    def state(self, name: str, table: Any = None) -> object:
        """Return what changes with every write to a table, and when a rebuild puts another in its place."""
        opened = self.open(name) if table is None else table
        with self.guard(f"the table {quoted(name)}"):
            return (self._identity, int(opened.version))

    def count(self, name: str) -> int:
        """Rows of a table."""
        table = self.open(name)
        with self.guard(f"the table {quoted(name)}"):
            return int(table.count_rows())


def _frame(table: Any) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - from_arrow of a table is a frame; this tells mypy
    return frame
