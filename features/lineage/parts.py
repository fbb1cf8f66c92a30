"""What is known of the parts behind one row: datasets, artefacts, the leak check, the release that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.artefacts.batches import Batches
from features.artefacts.files import read_arrays_card
from features.artefacts.keys import key_of
from features.rankings.overlaps import OVERLAPS
from features.record.git import git
from models.errors import ArtefactError, RecordError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.pool import Member, Pool
    from features.registry.entries import Entry

__all__ = ["dataset_facts", "esm_facts", "overlap_facts", "release_of"]


def dataset_facts(entry: Entry) -> dict[str, Any]:
    """What a name stands for: version, rows, task, where they were read from, since when."""
    return {
        "name": entry.name,
        "version": entry.version,
        "task": entry.task.value,
        "rows": entry.rows,
        "reference": entry.reference,
        "registered_at": entry.at,
        "licence": entry.licence,
    }


def esm_facts(plan: Plan, member: Member) -> dict[str, Any]:
    """The map behind a score: its key, what it was made from, how good it is; what cannot be read is None."""
    facts: dict[str, Any] = {"key": member.esm}
    try:
        card = read_arrays_card(plan.path("esms", member.esm))
    except ArtefactError as problem:
        return {**facts, "problem": problem.what}
    names = ("rank", "strength", "heldout_error", "identity_error", "heldout_r2")
    return {
        **facts,
        "moments": card.inputs.get("moments"),
        "tuned_model": card.inputs.get("tuned_model"),
        "settings": card.settings,
        **{name: card.facts.get(name) for name in names},
        "made_at": card.made_at,
        "code": card.code,
    }


def overlap_facts(plan: Plan, pool: Pool, target: Entry, source: Entry) -> dict[str, Any]:
    """What the leak check found: ``checked``, ``share`` of the target's texts, ``excluded``, why, ``allowed``."""
    allowed = pool.allowed_overlaps.get((target.name, source.name))
    if not source.sketch:
        return {
            "checked": False,
            "reason": "its texts are not here, so no leak check is possible",
            "allowed": allowed,
        }
    settings = plan.workspace.settings.overlap.model_dump()
    key = key_of("overlap", {"target": target.sketch, "source": source.sketch}, settings)
    rows = Batches(plan.workspace.folder("overlaps"), OVERLAPS).read(target.sketch)
    for row in rows.iter_rows(named=True):
        if row["key"] == key:
            facts = {name: row[name] for name in ("share", "excluded", "reason")}
            return {"checked": True, **facts, "allowed": allowed}
    return {"checked": False, "reason": "these two were not compared yet; a refresh does", "allowed": allowed}


def release_of(plan: Plan, ranking_id: str) -> str | None:
    """The first release (git commit) whose ledger names a ranking; None where none does yet."""
    try:
        said = git(
            plan.workspace.root,
            "log",
            "--reverse",
            "--format=%H",
            f"-S{ranking_id}",
            "--",
            "ledgers/rankings.jsonl",
            check=False,
        )
    except RecordError:
        return None
    found = said.split()
    return found[0] if found else None
