"""The Parquet beside each page: what its tables show, for whoever wants to go on with the numbers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from features.reports.overview import Overview
from features.reports.pages import Group
from features.reports.schemas import OVERVIEW, RANKING, Schema
from features.wording import plain

__all__ = ["Table", "overview_table", "parquet_of", "ranking_table"]

Table = tuple[Iterable[Mapping[str, Any]], Schema]
"""Rows, and the columns that are kept of them."""


def parquet_of(rows: Iterable[Mapping[str, Any]], schema: Schema) -> bytes:
    """Rows as a Parquet file with just these columns; the same rows give the same bytes.

    Texts are made safe to show first: what is no text (a lone surrogate) no Parquet file can hold.
    """
    cells = [{name: _safe(row.get(name)) for name in schema} for row in rows]
    buffer = io.BytesIO()
    pl.DataFrame(cells, schema=dict(schema), strict=False).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _safe(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return plain(value) if isinstance(value, str) else value


def ranking_table(group: Group) -> bytes:
    """The rankings of a target: a row for each source, those that were left out at the end with the reason."""
    rows: list[Mapping[str, Any]] = []
    for ranking in group.rankings:
        about = {name: ranking[name] for name in ("target", "scorer", "encoder", "ranking_id")}
        rows += [{**about, **row} for row in ranking["ranking"]]
        rows += [
            {**about, "source": out["source"], "excluded": out["reason"]}
            for out in ranking.get("excluded", ())
        ]
    return parquet_of(rows, RANKING)


def overview_table(overview: Overview) -> bytes:
    """The table of the first page."""
    rows: Sequence[Mapping[str, Any]] = [
        {
            "target": row.name,
            "task": row.task,
            "status": row.status,
            "reason": row.reason,
            "promise": row.promise,
            "leading": row.leading,
            "change": row.change,
            "leading_changed": row.news,
            "ranked_at": row.ranked_at,
            "ranking_id": row.ranking_id,
        }
        for row in overview.targets
    ]
    return parquet_of(rows, OVERVIEW)
