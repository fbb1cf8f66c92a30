"""``STEM_predictions.csv``: what every scorer says of every pair; the stem is that of the matrix."""

from __future__ import annotations

from pathlib import Path

import polars as pl

__all__ = ["SCHEMA", "write_predictions"]

HERE = Path(__file__).parent
SCHEMA = {
    "scorer": pl.String,
    "source": pl.String,
    "target": pl.String,
    "score": pl.Float64,
    "direction": pl.String,
    "seconds": pl.Float64,
    "bytes": pl.Int64,
}


def write_predictions(stem: str, frame: pl.DataFrame, folder: Path = HERE) -> None:
    """Put scores into the file; those of the same scorers that are there make way, all others stay."""
    place = folder / f"{stem}_predictions.csv"
    if place.exists():
        before = pl.read_csv(place, schema=SCHEMA)
        frame = pl.concat([before.filter(~pl.col("scorer").is_in(frame["scorer"].unique().to_list())), frame])
    part = place.with_suffix(".part")
    frame.sort("scorer", "target", "source").write_csv(part, float_precision=8)
    part.replace(place)
