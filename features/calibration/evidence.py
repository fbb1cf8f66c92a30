"""The table of past transfers that comes with a pool: what each pair looked like before, and what it gained.

One CSV, ``evidence.csv`` beside ``pool.json``; a row a pair, all that calibration goes by in it, so that nothing has
to be computed again where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from features.artefacts.files import write_whole
from features.reading.wording import shown
from models.errors import ArtefactError

__all__ = ["EVIDENCE", "PastTransfer", "read_evidence", "write_evidence"]

EVIDENCE = "evidence.csv"
"""What the file is called in a pool's folder."""

_MOST_BYTES = 1 << 26


@dataclass(frozen=True)
class PastTransfer:
    """One pair that was tried.

    Attributes
    ----------
    encoder
        The id of the encoder that was tuned; evidence of another one says nothing here.
    scorer, settings
        Whose scores ``lift`` and ``standing`` are, and with which settings, as JSON with sorted keys.
    source, source_version, target, target_version
        Names, and hashes of the rows where they are known, else empty.
    metric
        What gains are hundredths of.
    source_rows, target_rows
        How many rows were tuned on.
    lift
        The score less that of the untouched encoder, with the sign turned where lower is better.
    standing
        1 for the first of the pool, -1 for the last, in even steps.
    nearness
        The cosine of the two centroids by the encoder; None where it is not known.
    gain
        In points, hundredths of the metric: the mean over seeds of the result with the source less that without.
    gain_stderr
        Of that mean, from the seeds; None with one.
    seeds
        How many there were.
    """

    encoder: str
    scorer: str
    settings: str
    source: str
    source_version: str
    target: str
    target_version: str
    metric: str
    source_rows: int
    target_rows: int
    lift: float
    standing: float
    nearness: float | None
    gain: float
    gain_stderr: float | None
    seeds: int


_SCHEMA = pl.Schema(
    {
        "encoder": pl.String(),
        "scorer": pl.String(),
        "settings": pl.String(),
        "source": pl.String(),
        "source_version": pl.String(),
        "target": pl.String(),
        "target_version": pl.String(),
        "metric": pl.String(),
        "source_rows": pl.Int64(),
        "target_rows": pl.Int64(),
        "lift": pl.Float64(),
        "standing": pl.Float64(),
        "nearness": pl.Float64(),
        "gain": pl.Float64(),
        "gain_stderr": pl.Float64(),
        "seeds": pl.Int64(),
    }
)
_MAY_LACK = ("nearness", "gain_stderr")


def write_evidence(path: Path, transfers: Iterable[PastTransfer]) -> None:
    """Write the table, ordered by target and source; the same transfers give the same bytes."""
    rows = [
        astuple(one) for one in sorted(transfers, key=lambda one: (one.target, one.source, one.target_rows))
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    write_whole(path, lambda part: frame.write_csv(part, float_precision=6))


def read_evidence(path: Path) -> list[PastTransfer]:
    """Read the table and look at every number in it.

    Raises
    ------
    ArtefactError
        It cannot be read, lacks a column, or holds what no transfer can be.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is larger than any evidence")
        frame = pl.read_csv(path, schema_overrides=_SCHEMA).with_columns(pl.col(pl.String).fill_null(""))
        absent = [name for name in _SCHEMA.names() if name not in frame.columns]
        if absent:
            raise ValueError(f"it has no column {absent[0]}")
        found = [PastTransfer(**row) for row in frame.select(_SCHEMA.names()).iter_rows(named=True)]
        _check(found)
    except (OSError, ValueError, TypeError, pl.exceptions.PolarsError) as problem:
        raise ArtefactError(
            f"the evidence in {shown(str(path), 300)} cannot be used: {str(problem)[:200]}",
            consequence="expected gains do without it",
            next_step="copy the file again from where it came; dvc checkout --force data/pools brings a recorded one",
        ) from problem
    return found


def _check(transfers: Sequence[PastTransfer]) -> None:
    for number, one in enumerate(transfers, start=1):
        if (odd := _odd(one)) is not None:
            raise ValueError(f"row {number} has {odd[0]} {odd[1]!r}")
    names = ("encoder", "scorer", "settings", "source", "target", "target_rows")
    pairs = [tuple(getattr(one, name) for name in names) for one in transfers]
    if len(set(pairs)) < len(pairs):
        raise ValueError("it holds a pair twice")


def _odd(one: PastTransfer) -> tuple[str, Any] | None:
    """The first field that cannot be, with its value."""
    for field in fields(one):
        value = getattr(one, field.name)
        if value is None and field.name not in _MAY_LACK:
            return field.name, value
        if isinstance(value, float) and not math.isfinite(value):
            return field.name, value
    limits = {
        "gain": abs(one.gain) <= 200,
        "standing": abs(one.standing) <= 1,
        "seeds": one.seeds >= 1,
        "source_rows": one.source_rows >= 0,
        "target_rows": one.target_rows >= 1,
        "gain_stderr": one.gain_stderr is None or one.gain_stderr >= 0,
        "source": bool(one.source),
        "target": bool(one.target),
    }
    wrong = [name for name, fine in limits.items() if not fine]
    return (wrong[0], getattr(one, wrong[0])) if wrong else None
