"""Nearest rows by vector, compared with every row: exact, and fast to 100,000 rows and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from features.store.asof import empty
from models.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.store.tables import Tables
    from features.store.views import View

__all__ = ["Metric", "search"]

Metric = Literal["cosine", "l2", "dot"]


def search(
    tables: Tables, view: View, vector: Sequence[float] | np.ndarray, k: int, encoder: str, metric: Metric
) -> pl.DataFrame:
    """Return the ``k`` nearest rows of one encoder, with their ``distance``, nearest first.

    Raises
    ------
    SettingsError
        A view without vectors, ``k`` below 1, or a vector that is not one row of finite numbers.
    """
    from lancedb.expr import col, lit

    query = np.asarray(vector, dtype=np.float32)
    column = view.vector_column
    if column is None or k < 1 or query.ndim != 1 or not query.size or not np.isfinite(query).all():
        raise SettingsError(
            f"A search in {view.name} needs vectors, k of 1 or more and one vector of finite numbers, "
            f"not k={k} and a vector of shape {query.shape}",
            consequence="nothing was read",
            next_step="search row_embedding or centroid with an embedding",
        )
    name = view.table(query.size)
    if name not in tables.of_view(view):
        return empty(view).with_columns(distance=pl.lit(None, dtype=pl.Float32))
    table = tables.open(name)
    with tables.guard(f"the table {name}"):
        asked = table.search(query, vector_column_name=column).distance_type(metric).bypass_vector_index()
        found = pl.from_arrow(asked.where(col("encoder") == lit(encoder)).limit(k).to_arrow())
    assert isinstance(found, pl.DataFrame)  # noqa: S101 - for mypy
    return found.rename({"_distance": "distance"})
