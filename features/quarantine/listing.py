"""What waits in quarantine, as plain records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.artefacts.files import read_table_card
from features.exchange.imports import Imports
from features.quarantine.decisions import Decisions
from features.quarantine.refusals import Refusals
from models.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.cards import Card
    from features.workspace.layout import Workspace

__all__ = ["ALL_ROWS", "held_records"]

ALL_ROWS = "all rows"
"""``what`` of a dataset that was refused as a whole and whose rows are kept."""


def held_records(workspace: Workspace) -> list[dict[str, Any]]:
    """One record per refused dataset, refused ESM and file of refused rows that nobody has decided on.

    So has what came in by itself and could not be read, which lies where it lay until it is taken away or changed.

    Keys: ``name``, ``role``, ``what``, ``rule``, ``reason``, ``rows`` (still waiting), ``created_at``, ``file``.
    """
    from features.inbox.listing import refused_unread

    decisions = Decisions(workspace)
    refusals = Refusals(decisions)
    records = [
        {
            "name": line["name"],
            "role": line["role"],
            "what": "dataset",
            "rule": _counts(line["refused_by_rule"]),
            "reason": "; ".join(line["reasons"]),
            "rows": line["rows"],
            "created_at": line["at"],
            "file": None,
        }
        for line in refusals.waiting
    ]
    records += [
        {
            "name": one.name,
            "role": "esm",
            "what": "esm",
            "rule": "",
            "reason": one.reason,
            "rows": None,
            "created_at": one.at,
            "file": None,
        }
        for one in Imports(workspace).refused()
    ]
    records += [
        {
            "name": one["name"],
            "role": one["kind"],
            "what": "file",
            "rule": "",
            "reason": one["reason"],
            "rows": None,
            "created_at": one["at"],
            "file": one["place"],
        }
        for one in refused_unread(workspace)
    ]
    for path in sorted(workspace.folder("quarantine").glob("[!.]*.parquet")):
        if path.stem not in decisions.dropped_files:
            records += _of_file(workspace, refusals, path)
    # A dataset whose rows were kept stands in the list once, with its file.
    kept = {(one["role"], one["name"]) for one in records if one["what"] == ALL_ROWS}
    return [one for one in records if one["what"] != "dataset" or (one["role"], one["name"]) not in kept]


def _of_file(workspace: Workspace, refusals: Refusals, path: Path) -> list[dict[str, Any]]:
    try:
        card = read_table_card(path)
    except ArtefactError as problem:
        return [{"name": path.stem, "what": "rows", "reason": problem.what, "file": str(path)}]
    left = _left(refusals, path.stem, card)
    if not left:
        return []
    return [
        {
            "name": card.inputs["name"],
            "role": card.inputs["role"],
            "what": ALL_ROWS if card.facts["stopped"] else "rows",
            "rule": _counts(card.facts["refused_by_rule"]),
            "reason": "; ".join(card.facts["reasons"]),
            "rows": left,
            "created_at": refusals.when(path.stem, card)[1],
            "file": str(path.relative_to(workspace.root)),
        }
    ]


def _left(refusals: Refusals, key: str, card: Card) -> int:
    """How many rows of a file nobody has decided on."""
    role, name = card.inputs["role"], card.inputs["name"]
    rows = int(card.facts["rows"])
    if card.facts["stopped"]:
        return rows if refusals.is_waiting(key, card) else 0
    link = refusals.decisions.link(role, name)
    if link is None or not link.is_known:
        return rows - (link.released.total() if link else 0)
    # What an earlier registration of the name left out is not of the rows that it stands for.
    return rows - link.released.total() if link.file == key else 0


def _counts(by_rule: dict[str, int]) -> str:
    return ", ".join(f"{rule} ({count})" for rule, count in by_rule.items())
