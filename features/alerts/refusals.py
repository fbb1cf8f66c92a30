"""Datasets that the gate refused, and files of the inbox that never came to it because they cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from features.alerts.alert import Alert
from features.quarantine.decisions import Decisions

if TYPE_CHECKING:
    from features.alerts.reading import Reading

__all__ = ["refusals"]


def refusals(reading: Reading) -> Iterator[Alert]:
    """One alert for each refusal; the ledgers hold each once, however often a schedule tries."""
    decisions = Decisions(reading.workspace)
    for _, line in reading.new_lines("quarantine"):
        # What somebody has decided on in the meantime is no news.
        if not decisions.is_settled(line):
            yield _by_gate(line)
    for _, line in reading.new_lines("intake"):
        if line.get("event") == "refused" and not line.get("by_gate"):
            yield _unread(line)


def _by_gate(line: dict[str, Any]) -> Alert:
    role, name = str(line["role"]), str(line["name"])
    return Alert(
        "gate_refused",
        (role, name, str(line["at"])),
        f"{role} '{name}' was refused by the quality gate",
        "; ".join(line["reasons"]) or "it did not pass",
        f"springboard quarantine show {name}",
        {
            role: name,
            "reference": line.get("reference"),
            "reasons": line["reasons"],
            "rows": line.get("rows"),
        },
    )


def _unread(line: dict[str, Any]) -> Alert:
    kind, place = str(line["kind"]), str(line["place"])
    came = "of the watch list" if line.get("watched") else "of the inbox"
    # New code tries again what was refused; the same content refused for the same reason is no news.
    same = (str(line.get("variant") or ""), str(line.get("content")), str(line.get("reason")))
    return Alert(
        "gate_refused",
        ("intake", kind, place, *(same if line.get("content") else (str(line["at"]),))),
        f"{kind} '{place}' {came} was refused before the gate",
        str(line.get("reason") or "it cannot be read"),
        str(line.get("next_step") or "springboard watch list"),
        {kind: line.get("name"), "place": place, "reasons": [line.get("reason")]},
    )
