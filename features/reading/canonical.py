"""The identity of rows: a dataset's version, and a cap that picks the same rows in any order."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["cap_rows", "dataset_version"]

_LAYOUT = b"springboard rows 1\n"


def _encoded(value: str | float | None) -> bytes:
    """One cell as bytes that no other cell has: a type mark, the length, the content."""
    if value is None:
        return b"-"
    if isinstance(value, str):
        body = value.encode("utf-8", "surrogatepass")
        return b"s%d:%b" % (len(body), body)
    if math.isnan(value):
        return b"-"
    # Adding zero makes -0.0 and 0.0, which compare equal, one value.
    return b"f" + repr(float(value) + 0.0).encode("ascii") + b";"


def _row_bytes(rows: pl.DataFrame) -> list[bytes]:
    columns = [rows[name].to_list() for name in ("text_a", "text_b", "label")]
    return [b"".join(map(_encoded, cells)) for cells in zip(*columns, strict=True)]


def dataset_version(rows: pl.DataFrame, task: Task) -> str:
    """Hash the content of rows: same rows and task, same version.

    Neither the dataset's name nor the order, the split or the position of its rows has a say. A null and an
    empty text differ, and so do 1.0 and "1".

    Parameters
    ----------
    rows
        Canonical rows (``text_a``, ``text_b``, ``label``; other columns are ignored).
    task
        What the labels are.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.sha256(_LAYOUT + task.value.encode("ascii") + b"\n")
    for row in sorted(_row_bytes(rows)):
        digest.update(b"%d:" % len(row))
        digest.update(row)
    return digest.hexdigest()[:32]


def cap_rows(rows: pl.DataFrame, limit: int, seed: int) -> pl.DataFrame:
    """Keep at most `limit` rows: a seeded choice by content, so that order has no say in it.

    Each row's lot is a hash of its content and the seed, and the lowest lots stay. Adding rows to a
    dataset thus replaces few of those picked before.

    Parameters
    ----------
    rows
        Canonical rows.
    limit
        The most rows to keep; not below 1.
    seed
        Another seed, another choice.

    Returns
    -------
    polars.DataFrame
        The kept rows with the same columns, sorted by content, then split and position.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    content = _row_bytes(rows)
    salt = hashlib.blake2b(str(seed).encode("ascii"), digest_size=32).digest()
    frame = rows.with_columns(
        pl.Series(
            "_lot", [hashlib.blake2b(c, digest_size=16, key=salt).digest() for c in content], dtype=pl.Binary
        ),
        pl.Series("_content", content, dtype=pl.Binary),
    )
    # Rows of equal content share a lot; split and position decide among them.
    place = [name for name in ("split", "position") if name in rows.columns]
    kept = frame.sort("_lot", *place).head(limit)
    return kept.sort("_content", *place).drop("_lot", "_content")
