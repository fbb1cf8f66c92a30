"""``springboard list ...``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.cli.common import AsJson, WorkspaceOption, plan_of, print_json

__all__ = ["list_feedback", "list_quarantine", "list_rankings", "list_sources", "list_targets"]

_WHOLE = 32
"""Names of so many characters are never broken: people copy them."""

_FIGURES = ("at", "score", "baseline", "gain", "status")
"""What is short and says nothing when it is cut."""


def _print(
    records: Sequence[dict[str, Any]],
    columns: Sequence[str],
    as_json: bool,
    empty: str,
    *,
    whole: bool = False,
) -> None:
    if as_json:
        print_json(list(records))
        return
    from flows.cli.render.table import print_table

    are_short = all(len(str(record.get("name"))) <= _WHOLE for record in records)
    titles = [column.replace("_", " ") for column in columns]
    print_table(
        titles,
        [[_short(column, record.get(column)) for column in columns] for record in records],
        empty=empty,
        keep=(*_FIGURES, *(("name",) if are_short else ())),
        wrap=("name", "rule", "reason", "same rows as", "note", "target", "source", "by"),
        whole=whole,
    )


def _short(column: str, value: object) -> object:
    if column in ("version", "ranking_id", "encoder") and isinstance(value, str):
        return value[:12]
    if (isinstance(value, str) and column.endswith("_at")) or column == "at":
        return str(value)[:16].replace("T", " ")
    return value


def list_sources(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """The registered sources, and which of them are ready."""
    from features.reports.records import source_records

    records = source_records(plan_of(workspace))
    columns = ["name", "task", "rows", "status", "reason"]
    if any(record["same_rows_as"] for record in records):
        columns.append("same_rows_as")
    if any(record["pool"] for record in records):
        columns.append("pool")
    _print(records, columns, json, "No sources yet. Next: springboard source add REF")


def list_targets(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """The registered targets, and how fresh their rankings are."""
    from features.reports.records import target_records

    records = target_records(plan_of(workspace))
    columns = ["name", "task", "rows", "status", "ranked_at", "reason"]
    if any(record["fresh_within"] for record in records):
        columns.insert(4, "fresh_within")
    _print(
        records,
        columns,
        json,
        "No targets yet. Next: springboard target add REF",
    )


def list_rankings(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Every ranking there was, newest first."""
    from features.reports.records import ranking_records

    records = ranking_records(plan_of(workspace))
    _print(
        records,
        ["at", "target", "scorer", "ranking_id", "encoder"],
        json,
        "No rankings yet. Next: springboard refresh",
    )


def list_quarantine(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """Refused datasets and refused rows, with the rules that refused them."""
    from features.reports.records import quarantine_records

    records = quarantine_records(plan_of(workspace))
    columns = ["name", "role", "what", "rows", "rule", "reason"]
    # `--rule` takes the names of rules as they stand here.
    _print(records, columns, json, "Quarantine is empty.", whole=True)


def list_feedback(json: AsJson = False, workspace: WorkspaceOption = None) -> None:
    """What teams saw after fine-tuning, newest first, with what was replaced or withdrawn."""
    from features.feedback import feedback_records

    records = feedback_records(plan_of(workspace))
    columns = ["at", "target", "source", "seed", "score", "baseline", "gain", "metric", "rank", "status"]
    columns += [name for name in ("by", "note") if any(record[name] for record in records)]
    _print(
        records,
        columns,
        json,
        "No feedback yet. Next: springboard feedback TARGET SOURCE SCORE --baseline B",
        whole=True,
    )
