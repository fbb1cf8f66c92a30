"""Where refused rows and refused datasets wait, with the reason, until somebody decides.

One parquet file per gate run that refused something, named by its content: the same refusals make the same
file, so a doubled run changes nothing and no file is ever rewritten. Of a refused dataset every row is kept,
the ones no rule objected to as well (their ``rule`` is ``dataset``).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.cards import Card
from features.artefacts.files import read_table, read_table_card, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from features.gate.findings import GateReport

__all__ = ["read_refused_rows", "refusal_record", "write_refused_rows"]

_SCHEMA = {
    "split": pl.String,
    "position": pl.Int64,
    "text_a": pl.String,
    "text_b": pl.String,
    "label": pl.String,
    "rule": pl.String,
    "reason": pl.String,
}


def write_refused_rows(
    folder: Path, report: GateReport, *, name: str, role: str, version_hint: str
) -> Path | None:
    """Write the rows a gate run refused.

    Parameters
    ----------
    folder
        The quarantine; made when it is not there.
    report
        The gate's answer.
    name, role
        The dataset, and what it was to be; they go into the file's card, never into its path.
    version_hint
        What the rows belong to: the version of the accepted rows, or a hash of the reference.

    Returns
    -------
    Path or None
        The file, or None when nothing was refused. A file already there is left as it is.
    """
    rows = _refused_rows(report)
    if rows.is_empty():
        return None
    counts = report.summary()["refused_by_rule"]
    identity = {"name": name, "role": role, "version_hint": version_hint, "reasons": report.reasons}
    key = _content_key(rows, identity)
    path = folder / f"{key}.parquet"
    if not path.exists():
        card = Card(
            "quarantine",
            key,
            inputs={"name": name, "role": role, "version_hint": version_hint},
            settings={},
            facts={
                "rows": rows.height,
                "stopped": report.stopped,
                "reasons": report.reasons,
                "refused_by_rule": dict(sorted(counts.items())),
            },
        )
        write_table(path, rows, card)
    return path


def read_refused_rows(folder: Path) -> pl.DataFrame:
    """Read everything that waits.

    Parameters
    ----------
    folder
        The quarantine; need not exist.

    Returns
    -------
    polars.DataFrame
        The refused rows (labels as text) with ``name``, ``role``, ``version_hint`` and ``file``; files in
        order of their names.

    Raises
    ------
    ArtefactError
        When a file is broken or is not one of ours.
    """
    frames = [_read(path) for path in sorted(folder.glob("[!.]*.parquet"))]
    extra = dict.fromkeys(("name", "role", "version_hint", "file"), pl.String)
    return pl.concat([pl.DataFrame(schema={**_SCHEMA, **extra}), *frames])


def refusal_record(report: GateReport, name: str, role: str, reference: str) -> dict[str, Any]:
    """Return what a ledger keeps of a gate run that refused a dataset or some of its rows.

    Parameters
    ----------
    report
        The gate's answer.
    name, role, reference
        The dataset, what it was to be, and where it was read from.

    Returns
    -------
    dict
        JSON-able and without a clock: the same refusal gives the same record.
    """
    summary = report.summary()
    return {
        "name": name,
        "role": role,
        "reference": reference,
        "stopped": report.stopped,
        "reasons": report.reasons,
        "rows": summary["rows"],
        "refused": summary["refused"],
        "refused_by_rule": dict(sorted(summary["refused_by_rule"].items())),
        "warnings": [found.message for found in report.findings if found.severity == "warning"],
    }


def _refused_rows(report: GateReport) -> pl.DataFrame:
    refused = report.refused
    if report.stopped:
        reason = "; ".join(report.reasons)
        rest = report.accepted.with_columns(rule=pl.lit("dataset"), reason=pl.lit(reason))
        refused = pl.concat([refused, rest])
    # labels as text: one schema for every file, whatever the task
    rows = refused.select(pl.col(column).cast(dtype) for column, dtype in _SCHEMA.items())
    return rows.sort("split", "position", "text_a", "text_b", "label", maintain_order=True)


def _content_key(rows: pl.DataFrame, identity: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode())
    for row in rows.iter_rows():
        digest.update(json.dumps(row, ensure_ascii=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()[:32]


def _read(path: Path) -> pl.DataFrame:
    card = read_table_card(path)
    names = {name: pl.lit(card.inputs.get(name)) for name in ("name", "role", "version_hint")}
    return read_table(path).select(*_SCHEMA).with_columns(**names, file=pl.lit(path.name))
