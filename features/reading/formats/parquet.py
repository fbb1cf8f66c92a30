"""Parquet files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from features.reading.columns import plain_columns
from features.reading.formats.format import Format
from features.reading.table import Table
from features.reading.wording import shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from features.reading.options import ReadOptions
    from features.reading.source import SourceFile

__all__ = ["PARQUET"]


def _read(file: SourceFile, options: ReadOptions) -> Table:
    del options  # a parquet file says everything itself
    # The mark stands at both ends; without the closing one the footer, and so everything, is missing.
    if not file.data.endswith(b"PAR1"):
        raise _broken(file, "it is cut short")
    try:
        frame = pl.read_parquet(io.BytesIO(file.data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise _broken(file, str(error).split("\n", 1)[0][:200]) from error
    return Table(frame=plain_columns(frame), details={"format": "parquet"})


def _broken(file: SourceFile, why: str) -> UnreadableError:
    return UnreadableError(
        f"The parquet file {shown(file.path, 300)} is broken: {why}",
        consequence="nothing was read",
        next_step="copy or download it again",
    )


PARQUET = Format("parquet", (".parquet", ".pq"), frozenset({"parquet"}), _read)
