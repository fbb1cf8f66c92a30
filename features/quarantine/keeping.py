"""Keeping what the gate refused, unless it waits already or somebody dropped it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from features.artefacts.files import read_table
from features.gate.quarantine import write_refused_rows
from features.gate.waiver import row_digests
from features.record.recorder import mark_unrecorded
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.gate.findings import GateReport
    from features.quarantine.decisions import Decisions, Link

__all__ = ["keep_refused"]


def keep_refused(
    decisions: Decisions, report: GateReport, *, version_hint: str, version: str | None = None
) -> str | None:
    """Write the rows that a gate run refused.

    Parameters
    ----------
    decisions
        Of the workspace.
    report
        The gate's answer.
    version_hint
        For the file's card.
    version
        Of the accepted rows; None where the dataset was refused as a whole.

    Returns
    -------
    str or None
        Key of the file that holds them, or None where nothing is to be kept.
    """
    refused = pl.concat([report.refused.select(_CONTENT), report.accepted.select(_CONTENT)])
    digests = Counter(row_digests(refused if report.stopped else report.refused))
    dropped = decisions.dropped_rows(report.role, report.name)
    left = digests - dropped
    if not left:
        return None
    link = decisions.link(report.role, report.name)
    if (
        link is not None
        and version is not None
        and link.version == version
        and _waits(decisions, link) == left
    ):
        return link.file
    if not report.stopped and left != digests:
        report = replace(report, refused=_without(report.refused, dropped))
    mark_unrecorded(decisions.workspace)
    path = write_refused_rows(
        decisions.workspace.folder("quarantine"),
        report,
        name=report.name,
        role=report.role,
        version_hint=version_hint,
    )
    return path.stem if path else None


_CONTENT = ("text_a", "text_b", "label")


def _waits(decisions: Decisions, link: Link) -> Counter[str] | None:
    """What waits already of the registration in force, by content."""
    if not link.is_known or link.file is None:
        return None
    try:
        rows = read_table(decisions.workspace.folder("quarantine") / f"{link.file}.parquet")
    except ArtefactError:
        return None
    return Counter(row_digests(rows)) - link.released


def _without(rows: pl.DataFrame, dropped: Counter[str]) -> pl.DataFrame:
    left = Counter(dropped)
    kept = []
    for digest in row_digests(rows):
        kept.append(left[digest] <= 0)
        left[digest] -= 1
    return rows.filter(pl.Series(kept, dtype=pl.Boolean))
