"""What a frame must be before it is written: right columns, one width, finite numbers, whole arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from models.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from features.store.views import View

__all__ = ["checked", "quoted", "to_arrow"]

_SCALARS: dict[str, pl.DataType] = {
    "string": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "floats": pl.List(pl.Float64()),
    "bytes": pl.Binary(),
    "time": pl.Datetime("us", "UTC"),
}


def quoted(value: object, limit: int = 80) -> str:
    """Show somebody's text inside a message: control characters escaped, shortened to ``limit``."""
    text = repr(str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def checked(view: View, rows: pl.DataFrame) -> tuple[pl.DataFrame, int | None]:
    """Return ``rows`` in the view's columns and types, each key once, and the width of their vectors.

    Of several rows with one key the first stays.
    Missing columns that may be null are filled with nulls. The input is not changed.

    Raises
    ------
    StoreError
        Columns that are missing or unknown, values of another type, nulls where there must be a value, NaN or
        infinity anywhere, vectors of more than one width, arrays of another length than dim and rank say.
    """
    _check_columns(view, rows)
    width = _width(view, rows)
    frame = rows.select(_column(view, rows, name, width) for name in view.names)
    for name in view.names:
        _check_nulls(view, frame, name)
        _check_finite(view, frame, name)
    _check_dim(view, frame, width)
    if view.grouped:
        _check_sets(view, frame)
    return frame.unique(view.key, keep="first", maintain_order=True), width


def to_arrow(view: View, frame: pl.DataFrame, width: int | None) -> pa.Table:
    """Arrow table of a checked frame, in exactly the schema of the LanceDB table."""
    return frame.to_arrow().cast(view.schema(width))


def _refuse(view: View, problem: str, next_step: str = "") -> StoreError:
    return StoreError(
        f"Rows for the feature view {view.name} were refused: {problem}",
        consequence="nothing of this call was stored",
        next_step=next_step,
    )


def _check_columns(view: View, rows: pl.DataFrame) -> None:
    missing = [name for name in view.names if name not in rows.columns and not view.nullable(name)]
    unknown = [name for name in rows.columns if name not in view.columns]
    if missing or unknown:
        parts = [f"missing {', '.join(missing)}"] if missing else []
        parts += [f"unknown {', '.join(quoted(name) for name in unknown)}"] if unknown else []
        raise _refuse(view, f"columns {' and '.join(parts)}", f"Give the columns {', '.join(view.names)}.")


def _width(view: View, rows: pl.DataFrame) -> int | None:
    """Return the one width of all vectors, or None for a view without vectors (or a frame without rows)."""
    name = view.vector_column
    if name is None or rows.is_empty():
        return None
    dtype = rows.schema[name]
    if isinstance(dtype, pl.Array):
        widths = [dtype.size] if rows[name].null_count() == 0 else [dtype.size, None]
    elif isinstance(dtype, pl.List):
        widths = rows[name].list.len().unique().to_list()
    else:
        raise _refuse(view, f"column {name} holds {dtype}, not vectors")
    if len(widths) != 1 or not widths[0]:
        shown = ", ".join(sorted("missing" if w is None else str(w) for w in widths))
        raise _refuse(
            view, f"column {name} holds vectors of widths {shown}", "Publish one encoder's rows a call."
        )
    return int(widths[0])


def _column(view: View, rows: pl.DataFrame, name: str, width: int | None) -> pl.Expr:
    kind = view.kind(name)
    dtype = pl.Array(pl.Float32(), width or 0) if kind == "vector" else _SCALARS[kind]
    if name not in rows.columns:
        return pl.lit(None, dtype=dtype).alias(name)
    if kind == "time":
        _check_time(view, rows.schema[name], name)
    try:
        # pl.Series.cast is strict: a value that does not fit raises instead of turning into a null.
        return pl.lit(rows[name].cast(dtype)).alias(name)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise _refuse(view, f"column {name} holds {rows.schema[name]}, not {view.kind(name)}") from error


def _check_time(view: View, dtype: pl.DataType, name: str) -> None:
    if dtype == pl.Null or (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None):
        return
    raise _refuse(view, f"column {name} holds {dtype}, which says no time zone", "Give times in UTC.")


def _check_nulls(view: View, frame: pl.DataFrame, name: str) -> None:
    column = frame[name]
    if not view.nullable(name) and column.null_count():
        raise _refuse(view, f"{column.null_count()} of {frame.height} rows hold no {name}")
    if (
        view.kind(name) in ("floats", "vector")
        and column.drop_nulls().explode(empty_as_null=False).null_count()
    ):
        raise _refuse(view, f"column {name} holds missing numbers")
    if name == view.key and (column == "").any():
        raise _refuse(view, "a key is empty")


def _check_finite(view: View, frame: pl.DataFrame, name: str) -> None:
    column = frame[name]
    kind = view.kind(name)
    if kind == "float":
        bad = int((~column.drop_nulls().is_finite()).sum())
    elif kind in ("floats", "vector"):
        # Lance refuses NaN but takes infinity, so neither is left to it.
        bad = int((~column.drop_nulls().explode(empty_as_null=False).is_finite()).sum())
    elif kind == "bytes":
        arrays = [
            np.frombuffer(raw, dtype=np.float16) for raw in column if raw is not None and len(raw) % 2 == 0
        ]
        bad = sum(int(np.count_nonzero(~np.isfinite(array))) for array in arrays)
    else:
        return
    if bad:
        raise _refuse(
            view, f"column {name} holds {bad} NaN or infinite numbers", "Look at what computed them."
        )


def _check_dim(view: View, frame: pl.DataFrame, width: int | None) -> None:
    if "dim" not in view.columns:
        return
    if width is not None and (frame["dim"] != width).any():
        raise _refuse(
            view, f"column dim says {frame['dim'].unique().to_list()}, the vectors are {width} wide"
        )
    if "rank" not in view.columns:
        return
    for name, factors in (("u", ("dim", "rank")), ("v", ("dim", "rank")), ("b", ("dim",))):
        wanted = frame.select(_bytes(factors)).to_series()
        if (frame[name].bin.size() != wanted).any():
            raise _refuse(view, f"column {name} is not {' x '.join(factors)} float16 numbers")


def _bytes(factors: Sequence[str]) -> pl.Expr:
    size = pl.lit(2, dtype=pl.Int64)
    for name in factors:
        size = size * pl.col(name)
    return size


def _check_sets(view: View, frame: pl.DataFrame) -> None:
    strays = frame.filter(~pl.col(view.key).str.ends_with(pl.format(":{}", pl.col("row"))))
    if strays.height:
        raise _refuse(
            view,
            f"key {quoted(strays[view.key][0])} does not end with its row number {strays['row'][0]}",
            "Make the keys with features.store.row_keys(embedding_key, rows).",
        )
