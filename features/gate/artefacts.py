"""The gate for artefacts: embeddings, moments and ESMs are checked before anybody relies on them.

Each array becomes one row of a small table (how many rows, how wide, how many values are not finite, ...); a
rule bounds one column of it. polars judges, and where pages are wanted Great Expectations judges as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.gate.findings import ArtefactReport, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from features.gate.settings import GateSettings

__all__ = ["check_embeddings", "check_esm", "check_moments"]


@dataclass(frozen=True)
class _Bound:
    """A rule: this column of the summary lies between these bounds."""

    rule: str
    column: str
    reason: str
    low: float | None = None
    high: float | None = None


def check_embeddings(
    matrix: NDArray[Any],
    *,
    width: int,
    name: str,
    settings: GateSettings,
    rows: int | None = None,
    docs: Path | None = None,
) -> ArtefactReport:
    """Check a matrix of embeddings.

    Parameters
    ----------
    matrix
        [rows, width], any float type.
    width
        The encoder's width.
    name
        What is checked, for people.
    settings
        Severities, under ``artefacts``.
    rows
        How many rows there should be; at least one when not given.
    docs
        Folder for the Data Docs; none are written without it.

    Returns
    -------
    ArtefactReport
        Findings: not finite, wrong width or number of rows, constant columns, repeated rows.
    """
    table = _summary({"embeddings": matrix})
    shares = settings.artefacts
    bounds = [
        _Bound("finite", "not_finite", "{array} holds {value:.0f} values that are not finite", high=0),
        _Bound("width", "width", f"{{array}} is {{value:.0f}} wide, not {width}", low=width, high=width),
        _rows_bound(rows),
        _Bound(
            "constant_columns",
            "constant_columns",
            "{value:.0%} of the columns of {array} never change",
            high=shares["constant_columns"]["max_share"],
        ),
        _Bound(
            "repeated_rows",
            "repeated_rows",
            "{value:.0%} of the rows of {array} repeat another",
            high=shares["repeated_rows"]["max_share"],
        ),
    ]
    return _judge(table, bounds, name=name, role="embeddings", settings=settings, docs=docs)


def check_moments(
    arrays: Mapping[str, NDArray[Any]], *, name: str, settings: GateSettings, docs: Path | None = None
) -> ArtefactReport:
    """Check moments as they go to disk.

    Parameters
    ----------
    arrays
        ``n`` [folds], ``xx`` and ``yy`` [folds, d, d] or their upper triangles [folds, d (d + 1) / 2], and
        whatever else belongs to them.
    name, settings, docs
        As in :func:`check_embeddings`.

    Returns
    -------
    ArtefactReport
        Findings: not finite, a fold without rows, a negative diagonal (no second moment has one).
    """
    numbers = {key: array for key, array in arrays.items() if np.asarray(array).dtype.kind in "fiu"}
    table = _summary(numbers)
    lowest = [float(np.min(arrays["n"])) if key == "n" else None for key in numbers]
    diagonals = [_lowest_diagonal(numbers[key]) if key in ("xx", "yy") else None for key in numbers]
    table = table.with_columns(
        pl.Series("fewest_rows", lowest, dtype=pl.Float64),
        pl.Series("lowest_diagonal", diagonals, dtype=pl.Float64),
    )
    bounds = [
        _Bound("finite", "not_finite", "{array} holds {value:.0f} values that are not finite", high=0),
        _Bound("counts", "fewest_rows", "a fold holds {value:.0f} rows", low=1),
        _Bound("diagonals", "lowest_diagonal", "the diagonal of {array} goes down to {value:.3g}", low=0),
    ]
    return _judge(table, bounds, name=name, role="moments", settings=settings, docs=docs)


def check_esm(
    arrays: Mapping[str, NDArray[Any]],
    heldout_error: float,
    identity_error: float,
    *,
    name: str,
    settings: GateSettings,
    docs: Path | None = None,
) -> ArtefactReport:
    """Check an Embedding Space Map.

    Parameters
    ----------
    arrays
        The map's arrays.
    heldout_error, identity_error
        Mean squared error on held-out rows of the map, and of doing nothing.
    name, settings, docs
        As in :func:`check_embeddings`.

    Returns
    -------
    ArtefactReport
        Findings: not finite, no better than the identity.
    """
    numbers = {key: array for key, array in arrays.items() if np.asarray(array).dtype.kind in "fiu"}
    errors = np.array([heldout_error, identity_error], dtype=np.float64)
    table = _summary({**numbers, "errors": errors})
    gain = identity_error - heldout_error
    gains = [None] * len(numbers) + [float(gain) if np.isfinite(gain) else None]
    table = table.with_columns(pl.Series("gain", gains, dtype=pl.Float64))
    bounds = [
        _Bound("finite", "not_finite", "{array} holds {value:.0f} values that are not finite", high=0),
        _Bound(
            "better_than_identity",
            "gain",
            "on held-out rows the map is no better than leaving the embeddings alone (gain {value:.3g})",
            low=float(np.nextafter(0.0, 1.0)),
        ),
    ]
    return _judge(table, bounds, name=name, role="esm", settings=settings, docs=docs)


def _rows_bound(rows: int | None) -> _Bound:
    if rows is None:
        return _Bound("rows", "rows", "{array} has no rows", low=1)
    return _Bound("rows", "rows", f"{{array}} has {{value:.0f}} rows instead of {rows}", low=rows, high=rows)


def _summary(arrays: Mapping[str, NDArray[Any]]) -> pl.DataFrame:
    records = []
    for key, given in arrays.items():
        array = np.asarray(given)
        flat = array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim else array.reshape(1, 1)
        records.append(
            {
                "array": key,
                "rows": float(len(flat)),
                "width": float(flat.shape[1]),
                "not_finite": float(flat.size - np.isfinite(flat).sum()),
                "constant_columns": _constant_share(flat),
                "repeated_rows": _repeated_share(flat),
            }
        )
    floats = ("rows", "width", "not_finite", "constant_columns", "repeated_rows")
    return pl.DataFrame(records, schema={"array": pl.String} | dict.fromkeys(floats, pl.Float64))


def _constant_share(flat: NDArray[Any]) -> float:
    if len(flat) < 2 or not flat.shape[1]:
        return 0.0  # one row cannot vary
    return float((flat == flat[0]).all(axis=0).mean())


def _repeated_share(flat: NDArray[Any]) -> float:
    if len(flat) < 2 or not flat.shape[1]:
        return 0.0
    rows = np.ascontiguousarray(flat).view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1])))
    return 1.0 - len(np.unique(rows)) / len(flat)


def _lowest_diagonal(array: NDArray[Any]) -> float | None:
    """Return the least diagonal entry of square matrices, or of their upper triangles row by row."""
    values = np.asarray(array, dtype=np.float64)
    if values.ndim >= 2 and values.shape[-1] == values.shape[-2] and values.ndim == 3:
        diagonal = np.diagonal(values, axis1=-2, axis2=-1)
    else:
        length = values.shape[-1]
        d = int((np.sqrt(8 * length + 1) - 1) / 2)
        if d * (d + 1) // 2 != length:
            return None
        diagonal = values[..., np.concatenate(([0], np.cumsum(np.arange(d, 1, -1))))]
    if not diagonal.size or not np.isfinite(diagonal).all():
        return None  # another rule's business
    lowest, rounding = float(diagonal.min()), 1e-6 * float(np.abs(diagonal).max())
    return 0.0 if -rounding <= lowest < 0 else lowest


def _judge(
    table: pl.DataFrame,
    bounds: Sequence[_Bound],
    *,
    name: str,
    role: str,
    settings: GateSettings,
    docs: Path | None,
) -> ArtefactReport:
    active = [bound for bound in bounds if settings.artefacts[bound.rule]["severity"] != "off"]
    findings = []
    for bound in active:
        for row in table.filter(~_within(bound)).iter_rows(named=True):
            message = bound.reason.format(array=row["array"], value=row[bound.column])
            findings.append(
                Finding(bound.rule, settings.artefacts[bound.rule]["severity"], "artefact", 0, message)
            )
    page = None
    if docs is not None:
        page = _explain(table, active, findings, name=name, role=role, settings=settings, docs=docs)
    return ArtefactReport(name, findings, page)


def _within(bound: _Bound) -> pl.Expr:
    value, good = pl.col(bound.column), pl.lit(True)
    if bound.low is not None:
        good = good & (value >= bound.low)
    if bound.high is not None:
        good = good & (value <= bound.high)
    return good.fill_null(True)


def _explain(
    table: pl.DataFrame,
    active: Sequence[_Bound],
    findings: list[Finding],
    *,
    name: str,
    role: str,
    settings: GateSettings,
    docs: Path,
) -> Path:
    from features.gate.docs import write_page
    from features.gate.session import bad_rows, pandas_frame, validate

    results = validate(
        pandas_frame({"row_id": range(table.height)} | {c: table[c].to_list() for c in table.columns}),
        [_expectation(bound) for bound in active],
    )
    for bound, result in zip(active, results, strict=True):
        mine = {row for row, good in enumerate(table.select(_within(bound)).to_series()) if not good}
        if mine != bad_rows(result):
            message = f"Great Expectations and polars disagree on {bound.rule}; polars decided"
            findings.append(Finding(bound.rule, "warning", "artefact", 0, message))
    stopped = any(finding.severity == "stop" for finding in findings)
    verdict = {
        "name": name,
        "role": role,
        "task": "artefact",
        "rows": table.height,
        "refused": len({finding.rule for finding in findings}),
        "stopped": stopped,
    }
    return write_page(docs, results, verdict=verdict, findings=findings, keep=settings.keep_pages)


def _expectation(bound: _Bound) -> Any:
    from great_expectations import expectations as gxe

    return gxe.ExpectColumnValuesToBeBetween(
        column=bound.column, min_value=bound.low, max_value=bound.high, meta={"rule": bound.rule}
    )
