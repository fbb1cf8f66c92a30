"""Columns of the Parquet files beside the pages."""

from __future__ import annotations

import polars as pl

__all__ = ["HISTORY", "MAP", "OVERVIEW", "PLACES", "QUARANTINE", "RANKING", "SOURCES", "Schema"]

Schema = dict[str, "pl.DataType | type[pl.DataType]"]

_NAMES = pl.List(pl.String)

RANKING: Schema = {
    "target": pl.String,
    "scorer": pl.String,
    "encoder": pl.String,
    "ranking_id": pl.String,
    "rank": pl.Int64,
    "source": pl.String,
    "source_version": pl.String,
    "score": pl.Float64,
    "stderr": pl.Float64,
    "tier": pl.Int64,
    "previous_rank": pl.Int64,
    "expected_gain": pl.Float64,
    "gain_low": pl.Float64,
    "gain_high": pl.Float64,
    "excluded": pl.String,
}
OVERVIEW: Schema = {
    "target": pl.String,
    "task": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "promise": pl.String,
    "leading": _NAMES,
    "change": pl.String,
    "leading_changed": pl.Boolean,
    "ranked_at": pl.String,
    "ranking_id": pl.String,
}
PLACES: Schema = {
    "source": pl.String,
    "target": pl.String,
    "rank": pl.Int64,
    "of": pl.Int64,
    "tier": pl.Int64,
    "score": pl.Float64,
    "gain": pl.Float64,
}
SOURCES: Schema = {
    "name": pl.String,
    "task": pl.String,
    "rows": pl.Int64,
    "licence": pl.String,
    "status": pl.String,
    "origin": pl.String,
    "reason": pl.String,
    "leads": pl.Int64,
    "ranked": pl.Int64,
}
QUARANTINE: Schema = dict.fromkeys(("name", "what", "rows", "rule", "reason", "since"), pl.String)
MAP: Schema = {
    "by": pl.String,
    "source": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
    "nearest": _NAMES,
}
HISTORY: Schema = {
    "target": pl.String,
    "at": pl.String,
    "ranking_id": pl.String,
    "leading": _NAMES,
    "came": _NAMES,
    "went": _NAMES,
}
