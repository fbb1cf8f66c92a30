"""Evidence in a workspace: taken from a pool's folder into data/pools, and found there again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from features.artefacts.files import write_whole
from features.artefacts.plan import registry_of
from features.audit.log import note
from features.calibration.evidence import EVIDENCE, PastTransfer, read_evidence
from features.record.recorder import mark_unrecorded
from models.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.plan import Plan

__all__ = [
    "EVIDENCE_ADDED",
    "check_evidence",
    "evidence_in_force",
    "evidence_of_pools",
    "newest_evidence",
    "take_evidence",
]

EVIDENCE_ADDED = "evidence added"
"""The registry's event: of which file a pool's evidence is from then on; null for none."""


def check_evidence(folder: Path) -> None:
    """Look at the evidence in a pool's folder, where there is any.

    Raises
    ------
    ArtefactError
        It is broken.
    """
    path = folder / EVIDENCE
    if path.is_file():
        read_evidence(path)


def take_evidence(plan: Plan, folder: Path, pool: str) -> bool:
    """Keep the evidence that came with a pool; returns whether it is other than what was kept of that pool before."""
    path = folder / EVIDENCE
    key = None
    if path.is_file():
        content = path.read_bytes()
        key = hashlib.sha256(content).hexdigest()[:32]
        place = _place(plan, key)
        if not _is_whole(place, key):
            mark_unrecorded(plan.workspace)
            write_whole(place, lambda part: part.write_bytes(content))
    if evidence_in_force(plan).get(pool) == key:
        return False
    mark_unrecorded(plan.workspace)
    ledger = registry_of(plan.workspace).ledger
    record = ledger.append({"event": EVIDENCE_ADDED, "pool": pool, "file": key})
    note(plan.workspace, EVIDENCE_ADDED, {"pool": pool}, ledger=ledger, record=record)
    return True


def evidence_in_force(plan: Plan) -> dict[str, str]:
    """Pool -> the key of its evidence."""
    found: dict[str, str | None] = {
        line["pool"]: line["file"]
        for line in registry_of(plan.workspace).ledger.read()
        if line.get("event") == EVIDENCE_ADDED
    }
    return {pool: key for pool, key in found.items() if key is not None}


def newest_evidence(plan: Plan) -> str:
    """When evidence last came or went; empty where there never was any."""
    lines = registry_of(plan.workspace).ledger.read()
    return max((str(line["at"]) for line in lines if line.get("event") == EVIDENCE_ADDED), default="")


def evidence_of_pools(plan: Plan) -> list[tuple[str, PastTransfer]]:
    """(pool, transfer) of all evidence in force, in the order in which the pools came.

    Raises
    ------
    ArtefactError
        A file is missing or broken.
    """
    return [
        (pool, one)
        for pool, key in evidence_in_force(plan).items()
        for one in read_evidence(_found(plan, pool, key))
    ]


def _place(plan: Plan, key: str) -> Path:
    return plan.workspace.folder("pools") / f"{key}.csv"


def _found(plan: Plan, pool: str, key: str) -> Path:
    """The file, taken from the shipped pool again where it is lost."""
    from features.pools.finding import shipped_pools

    place = _place(plan, key)
    if _is_whole(place, key):
        return place
    shipped = shipped_pools().get(pool)
    if shipped is not None and _is_whole(shipped / EVIDENCE, key):
        return shipped / EVIDENCE
    raise ArtefactError(
        f"the evidence of pool '{pool}' ('{place}') is missing or was changed",
        consequence="expected gains do without it",
        next_step=f"dvc pull, or springboard pool add {pool}",
    )


def _is_whole(path: Path, key: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest()[:32] == key
