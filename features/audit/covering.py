"""What the other ledgers hold and the log does not: changes whose process was killed before it could note them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.audit.chain import hash_of, lines_of, log_file
from features.audit.log import STARTED, note, whole_part
from features.registry.ledger import Ledger, parse_time

if TYPE_CHECKING:
    from features.workspace.layout import Workspace

__all__ = ["Covered", "catch_up", "covered_by", "uncovered"]

GRACE = timedelta(seconds=60)
"""A line younger than this may be about to be noted by the process that wrote it."""

_NAMES = ("kind", "name", "role", "target", "source", "version", "pool", "reference", "ranking_id", "scorer")


@dataclass(frozen=True)
class Covered:
    """What the log says of one other ledger: its first bytes at the log's start, and lines noted since."""

    first_bytes: int
    first_hash: str
    lines: Counter[str]


def covered_by(records: list[dict[str, Any]]) -> dict[str, Covered]:
    """Ledger -> what the log's records say of it."""
    found: dict[str, Covered] = {}

    def of(name: str) -> Covered:
        return found.setdefault(name, Covered(0, hash_of(b""), Counter()))

    for record in records:
        if record.get("what") == STARTED:
            for name, first in record.get("covers", {}).items():
                found[name] = Covered(int(first["bytes"]), str(first["sha256"]), of(name).lines)
        elif "ledger" in record:
            of(record["ledger"]["file"]).lines[record["ledger"]["sha256"]] += 1
    return found


def uncovered(workspace: Workspace, records: list[dict[str, Any]]) -> Iterator[tuple[Ledger, dict[str, Any]]]:
    """The lines of other ledgers that nobody noted, but for the very youngest."""
    covered = covered_by(records)
    latest = datetime.now(UTC) - GRACE
    for path in sorted(workspace.ledgers.glob("*.jsonl")):
        if path == log_file(workspace):
            continue
        known = covered.get(path.name, Covered(0, hash_of(b""), Counter()))
        for raw in whole_part(path)[known.first_bytes :].split(b"\n"):
            if raw.strip() and not known.lines[hash_of(raw)] and _is_older(raw, latest):
                yield Ledger(path), json.loads(raw)


def _is_older(raw: bytes, latest: datetime) -> bool:
    try:
        return parse_time(json.loads(raw)["at"]) < latest
    except (ValueError, TypeError, KeyError):
        return False  # An edited line: reading that ledger says so.


def catch_up(workspace: Workspace) -> int:
    """Note what killed processes left unnoted, without naming anybody; returns how many lines that were.

    Does nothing in a workspace that has no log yet.
    """
    path = log_file(workspace)
    if not path.exists():
        return 0
    records = [line.record for line in lines_of(path.read_bytes()) if line.record is not None]
    count = 0
    for ledger, record in list(uncovered(workspace, records)):
        on = {name: record[name] for name in _NAMES if record.get(name) is not None}
        what = str(record.get("event") or f"line of {ledger.path.name}")
        note(workspace, what, on, ledger=ledger, record=record, late=True, happened_at=record["at"])
        count += 1
    return count
