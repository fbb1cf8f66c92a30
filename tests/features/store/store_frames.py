"""Frames that the store takes, and a registry to look names up in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

import numpy as np
import polars as pl

from features.store import row_keys

START = datetime(2026, 1, 1, tzinfo=UTC)


def registry(*rows: tuple[str, str, int]) -> Callable[[Sequence[str] | None, datetime | None], pl.DataFrame]:
    """A resolver over (name, version, day it began to stand for it)."""

    def resolve(names: Sequence[str] | None, as_of: datetime | None) -> pl.DataFrame:
        current: dict[str, str] = {}
        for name, version, day in sorted(rows, key=lambda row: row[2]):
            if as_of is None or START + timedelta(days=day) <= as_of:
                current[name] = version
        pairs = [pair for pair in current.items() if names is None or pair[0] in names]
        return pl.DataFrame(pairs, schema=["entity", "version"], orient="row")

    return resolve


def embeddings(
    set_key: str, *, version: str = "v1", encoder: str = "enc", n: int = 5, width: int = 4, day: int = 0
) -> pl.DataFrame:
    rng = np.random.default_rng(crc32(set_key.encode()))
    return pl.DataFrame(
        {
            "key": row_keys(set_key, range(n)),
            "version": version,
            "encoder": encoder,
            "row": range(n),
            "vector": rng.normal(size=(n, width)).astype(np.float32),
            "label": "x",
            "created_at": START + timedelta(days=day),
        }
    )


def scores(
    *rows: tuple[str, str, str | None, float, int], encoder: str = "enc", scorer: str = "logme"
) -> pl.DataFrame:
    """Rows of (key, target version, source version, score, day)."""
    return pl.DataFrame(
        {
            "key": [row[0] for row in rows],
            "target_version": [row[1] for row in rows],
            "source_version": [row[2] for row in rows],
            "encoder": encoder,
            "esm_key": ["none" if row[2] is None else f"esm-{row[2]}" for row in rows],
            "scorer": scorer,
            "settings": "{}",
            "score": [row[3] for row in rows],
            "stderr": [None for _ in rows],
            "replicates": [[row[3], row[3] + 1.0] for row in rows],
            "created_at": [START + timedelta(days=row[4]) for row in rows],
        },
        schema_overrides={"stderr": pl.Float64, "source_version": pl.String},
    )
