"""Records of the workspace as cells of tables: safe, one line each, a dash where there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from features.reports.slugs import source_slug
from features.wording import plain

__all__ = ["DASH", "cells_of", "moment_text", "quarantine_of", "sources_of"]

DASH = "\N{EN DASH}"
_STATUSES = ("ranked", "pending", "refused", "excluded", "imported")


def cells_of(record: Mapping[str, Any], *keys: str) -> str:
    """Return the first of `keys` that a record has, as one line of text; a dash where it has none."""
    for key in keys:
        value = record.get(key)
        if value is None or value == "":
            continue
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        if isinstance(value, list | tuple):
            return plain("; ".join(str(part) for part in value))
        return plain(value)
    return DASH


def moment_text(value: object) -> str:
    """Return a stored time to the minute: ``"2026-11-22 19:00"``; empty where there is none."""
    return "" if not value else plain(value)[:16].replace("T", " ")


def sources_of(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the table of sources, by name: name, task, rows, licence, status, origin and reason."""
    rows = [
        {
            "name": cells_of(source, "name", "source"),
            "slug": source_slug(source.get("name") or source.get("source") or ""),
            "task": cells_of(source, "task").replace("_", " "),
            "rows": source.get("rows") if isinstance(source.get("rows"), int) else None,
            "rows_text": cells_of(source, "rows"),
            "licence": cells_of(source, "licence", "license"),
            "status": cells_of(source, "status"),
            "origin": f"pool {plain(source['pool'])}" if source.get("pool") else "",
            "reason": _reason(source),
        }
        for source in sources
    ]
    for row in rows:
        # The status also picks a style, so only the words we know may get that far.
        row["style"] = row["status"] if row["status"] in _STATUSES else "other"
    return sorted(rows, key=lambda row: row["name"].casefold())


def _reason(source: Mapping[str, Any]) -> str:
    """Return why a source stands where it stands: what was met, and whether it is a twin of another."""
    met = cells_of(source, "reason", "reasons")
    twin = source.get("same_rows_as")
    parts = ["" if met == DASH else met, f"the same rows as {plain(twin)}" if twin else ""]
    return "; ".join(part for part in parts if part)


def quarantine_of(records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the rows of the quarantine table: name, what was refused, rows, rule, reason, since when."""
    rows = [
        {
            "name": cells_of(record, "name", "dataset", "source"),
            "what": _what(record),
            "rows": cells_of(record, "rows", "count"),
            "rule": cells_of(record, "rule"),
            "reason": cells_of(record, "reason", "reasons", "message"),
            "since": cells_of(record, "created_at", "at", "when")[:16].replace("T", " "),
        }
        for record in records
    ]
    return sorted(rows, key=lambda row: (row["name"].casefold(), row["rule"]))


def _what(record: Mapping[str, Any]) -> str:
    """Return what was refused: ``"source dataset"``, ``"target rows"``."""
    parts = [cells_of(record, key) for key in ("role", "what")]
    return " ".join(part for part in parts if part != DASH) or DASH
