"""The columns and the order that every table of scorers has, on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.wording import fixed

__all__ = ["COLUMNS", "cells_of", "ordered"]

COLUMNS = (
    "regret@1",
    "regret@3",
    "regret@5",
    "excess@5",
    "95% interval",
    "ndcg",
    "kendall",
    "precision@5",
    "gain",
    "gain@5",
    "targets",
    "s/source",
    "bytes/source",
)
"""Headings, after the scorer's name."""

_DASH = "\N{EN DASH}"


def ordered(found: Mapping[str, Any]) -> list[str]:
    """Return the scorers of an evaluation, the least excess regret@5 first; regret@5 where there is no floor."""

    def key(name: str) -> tuple[bool, float, str]:
        row = found["scorers"][name]
        value = row["excess_regret@5"] if row["excess_regret@5"] is not None else row["regret@5"]
        return (value is None, value if value is not None else 0.0, name)

    return sorted(found["scorers"], key=key)


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """Return one scorer's cells, as :data:`COLUMNS` says."""
    low, high = row["excess_regret@5_low"], row["excess_regret@5_high"]
    spread = _DASH if low is None else f"{fixed(low, 2)} to {fixed(high, 2)}"
    return [
        *(_number(row[name], 2) for name in ("regret@1", "regret@3", "regret@5", "excess_regret@5")),
        spread,
        *(_number(row[name], 3) for name in ("ndcg", "kendall", "precision@5")),
        *(_number(row[name], 2) for name in ("gain", "gain@5")),
        str(row["targets"]),
        _number(row["seconds_per_source"], 4),
        _DASH if row["bytes_per_source"] is None else f"{row['bytes_per_source']:,.0f}",
    ]


def _number(value: float | None, decimals: int) -> str:
    return _DASH if value is None else fixed(value, decimals)
