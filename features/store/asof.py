"""Reading a view as it was: rows of given names and versions, the latest of each, unseen what came later."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from models.errors import SettingsError

if TYPE_CHECKING:
    from features.store.tables import Tables
    from features.store.views import View

__all__ = ["latest", "read"]


def read(
    tables: Tables, view: View, pairs: pl.DataFrame, *, as_of: datetime | None, encoder: str | None
) -> pl.DataFrame:
    """Rows of ``view`` for the frame ``pairs`` (entity, version).

    Returns
    -------
    pl.DataFrame
        ``entity``, ``version``, then the view's columns; ordered as ``pairs``, then by sub-key.

    Raises
    ------
    SettingsError
        The rows found come from encoders of several widths, and no encoder was named.
    """
    where = _filter(view, pairs, as_of, encoder)
    found = [] if where is None else [tables.scan(name, where=where) for name in tables.of_view(view)]
    frames = [frame for frame in found if frame.height]
    if len(frames) > 1:
        raise _several_widths(view, frames)
    # Of a single table the vector's width is known even where no row was found.
    rows = frames[0] if frames else found[0] if len(found) == 1 else empty(view)
    return _arranged(view, pairs, latest(view, rows))


def empty(view: View) -> pl.DataFrame:
    """Return a frame without rows, in the view's columns (vectors as lists: no width is known)."""
    import pyarrow as pa

    frame = pl.from_arrow(pa.Table.from_batches([], view.schema(1)))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - for mypy
    name = view.vector_column
    return frame if name is None else frame.with_columns(pl.col(name).cast(pl.List(pl.Float32)))


def latest(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Of several rows about the same thing the latest; in a grouped view the latest set, whole.

    Rows of one instant are told apart by their key, so the answer never depends on their order in the table.
    """
    about = [view.version_column, *([view.entity_column] if view.entity_column else []), *view.sub_keys]
    if view.grouped:
        about.remove("row")
        rows = rows.with_columns(_set=pl.col(view.key).str.replace(r":-?\d+$", ""))
        sets = rows.group_by(*about, "_set").agg(pl.col("created_at").max())
        newest = sets.sort("created_at", "_set").unique(about, keep="last").select(*about, "_set")
        return rows.join(newest, on=[*about, "_set"], nulls_equal=True).drop("_set")
    return rows.sort("created_at", view.key).unique(about, keep="last", maintain_order=True)


def _filter(view: View, pairs: pl.DataFrame, as_of: datetime | None, encoder: str | None) -> Any:
    """Build what LanceDB is asked its typed expressions: no caller's text ever becomes SQL."""
    from lancedb.expr import col, lit

    versions = pairs["version"].drop_nulls().unique().sort().to_list()
    if not versions:
        return None
    where = col(view.version_column).isin(versions)
    if view.entity_column is not None:
        where &= col(view.entity_column).isin(pairs["entity"].unique().sort().to_list())
    if encoder is not None and "encoder" in view.columns:
        where &= col("encoder") == lit(encoder)
    if as_of is not None:
        where &= col("created_at") <= lit(as_of)
    return where


def _arranged(view: View, pairs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    on = {"version": view.version_column}
    if view.entity_column is not None:
        on["entity"] = view.entity_column
    order = pairs.with_row_index("_order")
    right = rows.with_columns(**{f"_{name}": pl.col(column) for name, column in on.items()})
    joined = order.join(
        right if "version" not in rows.columns else right.drop("version"),
        left_on=list(on),
        right_on=[f"_{name}" for name in on],
    )
    others = [name for name in view.names if name != "version"]
    return joined.sort("_order", *view.sub_keys).select("entity", "version", *others)


def _several_widths(view: View, frames: list[pl.DataFrame]) -> SettingsError:
    encoders = sorted({str(value) for frame in frames for value in frame["encoder"].unique()})
    return SettingsError(
        f"The feature view {view.name} holds vectors of several encoders for these names: "
        f"{', '.join(encoders)}",
        consequence="nothing was read, for their vectors differ in width",
        next_step=f"name one: encoder={encoders[0]!r}",
    )
