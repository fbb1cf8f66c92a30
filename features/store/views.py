"""The feature views: which tables the store serves, and what one row of each is.

A view's columns never change in place: a change of columns raises :data:`LAYOUT`, and ``springboard rebuild``
makes the tables anew from files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from models.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BASE", "LAYOUT", "VIEWS", "View", "get_view", "row_keys"]

LAYOUT = 1
"""Version of the columns below; it stands in the metadata of every table."""

BASE = "none"
"""The ``esm_key`` of a score that was computed on the untouched encoder."""


@dataclass(frozen=True)
class View:
    """One feature view.

    Attributes
    ----------
    name
        What callers ask for.
    row
        What one row is, in words.
    entity
        What kind of registered name its rows belong to: ``dataset``, ``source`` or ``target``.
    columns
        Column name -> kind; a ``?`` behind the kind means that the value may be missing. Kinds are
        ``string``, ``int``, ``float``, ``floats`` (a list), ``bytes``, ``time`` (UTC) and
        ``vector`` (float32, as wide as the encoder; one table per width).
    version_column
        The column that a registered name's version is looked up in.
    entity_column
        The column that holds the name itself, where the row belongs to a name rather than to a version.
    sub_keys
        Together with the version (and the name), what a row is *about*: of several such the latest counts.
    grouped
        Whether rows come in sets (key ``<set>:<row>``), of which the latest counts, whole.
    """

    name: str
    row: str
    entity: str
    columns: Mapping[str, str]
    version_column: str = "version"
    entity_column: str | None = None
    sub_keys: tuple[str, ...] = ()
    grouped: bool = False

    @property
    def key(self) -> str:
        """The key column, the same in every view."""
        return "key"

    @cached_property
    def vector_column(self) -> str | None:
        """The column whose width is part of the table's name, where there is one."""
        return next((name for name, kind in self.columns.items() if kind == "vector"), None)

    @property
    def names(self) -> list[str]:
        """Its columns, in order."""
        return list(self.columns)

    def kind(self, column: str) -> str:
        """Kind of a column without the ``?``."""
        return self.columns[column].rstrip("?")

    def nullable(self, column: str) -> bool:
        """Whether a column may hold missing values."""
        return self.columns[column].endswith("?")

    def schema(self, width: int | None = None) -> pa.Schema:
        """Arrow schema of one of its tables.

        Parameters
        ----------
        width
            Width of the vector column; ignored by views without one.
        """
        import pyarrow as pa

        return pa.schema(
            [self._field(name, width) for name in self.columns],
            metadata={b"springboard.layout": str(LAYOUT).encode(), b"springboard.view": self.name.encode()},
        )

    def _field(self, name: str, width: int | None) -> pa.Field:
        import pyarrow as pa

        types = {
            "string": pa.string(),
            "int": pa.int64(),
            "float": pa.float64(),
            "floats": pa.list_(pa.float64()),
            "bytes": pa.binary(),
            "time": pa.timestamp("us", tz="UTC"),
            "vector": pa.list_(pa.float32(), width if width is not None else -1),
        }
        if name != self.key:
            return pa.field(name, types[self.kind(name)], nullable=self.nullable(name))
        # Without this metadata two writers at once duplicate keys silently (measured: up to 120 of 240).
        metadata = {
            b"lance-schema:unenforced-primary-key": b"true",
            b"lance-schema:unenforced-primary-key:position": b"1",
        }
        return pa.field(name, pa.string(), nullable=False, metadata=metadata)

    def table(self, width: int | None = None) -> str:
        """Name of its table for vectors of ``width``; plain ASCII, as LanceDB asks."""
        return self.name if self.vector_column is None else f"{self.name}__{width}"


def _registry(*views: View) -> Mapping[str, View]:
    return MappingProxyType({view.name: view for view in views})


VIEWS: Mapping[str, View] = _registry(
    View(
        "dataset_profile",
        "what is known about one version of a dataset without any encoder",
        "dataset",
        {
            "key": "string", "version": "string", "task": "string", "rows": "int", "classes": "int?",
            "majority_share": "float?", "mean_chars": "float?", "label_mean": "float?", "label_std": "float?",
            "licence": "string?", "created_at": "time",
        },
    ),
    View(
        "centroid",
        "mean embedding of one version of a dataset by one encoder",
        "dataset",
        {
            "key": "string", "version": "string", "encoder": "string", "dim": "int", "rows": "int",
            "centroid": "vector", "created_at": "time",
        },
        sub_keys=("encoder",),
    ),
    View(
        "row_embedding",
        "embedding of one sampled row of one version of a dataset by one encoder",
        "dataset",
        {
            "key": "string", "version": "string", "encoder": "string", "row": "int", "vector": "vector",
            "label": "string?", "created_at": "time",
        },
        sub_keys=("encoder", "row"),
        grouped=True,
    ),
    View(
        "esm",
        "Embedding Space Map of one version of a source; u [d, rank], v [d, rank], b [d] as raw float16",
        "source",
        {
            "key": "string", "version": "string", "encoder": "string", "tuned_model": "string?", "rank": "int",
            "strength": "float",
            "heldout_error": "float?", "identity_error": "float?", "heldout_r2": "float?", "dim": "int",
            "u": "bytes", "v": "bytes", "b": "bytes", "created_at": "time",
        },
        sub_keys=("encoder", "tuned_model", "rank"),
    ),
    View(
        "score",
        "one scorer's number for a target, a source and an ESM (or none: the untouched encoder)",
        "target",
        {
            "key": "string", "target_version": "string", "source_version": "string?", "encoder": "string",
            "esm_key": "string?", "scorer": "string", "settings": "string?", "score": "float",
            "stderr": "float?", "replicates": "floats?", "created_at": "time",
        },
        version_column="target_version",
        sub_keys=("encoder", "source_version", "esm_key", "scorer", "settings"),
    ),
    View(
        "ranking",
        "one stored ranking of one target; body is the JSON that `springboard rank --json` prints",
        "target",
        {
            "key": "string", "target": "string", "target_version": "string", "encoder": "string",
            "scorer": "string", "pool_size": "int", "body": "string", "created_at": "time",
        },
        version_column="target_version",
        entity_column="target",
        sub_keys=("encoder", "scorer"),
    ),
)  # fmt: skip
"""Every view of the store, by name. Adding one is one entry here, and ``springboard rebuild`` fills it."""


def get_view(name: str) -> View:
    """Return the view of that name.

    Raises
    ------
    StoreError
        No view of that name; the message names the nearest one.
    """
    if name in VIEWS:
        return VIEWS[name]
    near = get_close_matches(str(name), VIEWS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise StoreError(
        f"There is no feature view named {str(name)[:80]!r}",
        consequence="nothing was read or written",
        next_step=f"{hint}The views are {', '.join(VIEWS)}.",
    )


def row_keys(set_key: str, rows: Iterable[int]) -> list[str]:
    """Keys of the rows of one set in a grouped view: the set's key, a colon, the row number.

    >>> row_keys("ab12", [0, 7])
    ['ab12:0', 'ab12:7']
    """
    return [f"{set_key}:{int(row)}" for row in rows]
