"""The leak check of a target against the pool: compared once per pair of sketches, kept for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from features.artefacts.batches import Batches
from features.artefacts.files import read_arrays
from features.artefacts.keys import key_of
from features.overlap import Sketch, TargetIndex, compare
from features.reading.reference import hub_id_of
from features.record.recorder import mark_unrecorded
from models.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from features.artefacts.plan import Plan
    from features.rankings.pool import Member
    from features.registry.entries import Entry

__all__ = ["OVERLAPS", "leaks_of", "unchecked"]

OVERLAPS = pl.Schema(
    {
        "key": pl.String,
        "target_sketch": pl.String,
        "source_sketch": pl.String,
        "share": pl.Float64,
        "excluded": pl.Boolean,
        "reason": pl.String,
    }
)


def unchecked(members: Iterable[Member]) -> list[str]:
    """The members whose texts are not here, so that nobody can compare them with a target's."""
    return [member.entry.name for member in members if not member.entry.sketch]


def leaks_of(plan: Plan, target: Entry, members: Iterable[Member]) -> dict[str, str]:
    """Which sources hold a near or exact copy of the target's texts.

    Of an imported ESM the texts are not here: it is a leak where its config names the target's own dataset, and
    :func:`unchecked` otherwise, which a ranking says.

    Returns
    -------
    dict
        Source name -> why it is excluded.

    Raises
    ------
    ArtefactError
        The target's own sketch cannot be read.
    """
    batches = Batches(plan.workspace.folder("overlaps"), OVERLAPS)
    settings = plan.workspace.settings.overlap
    everyone = list(members)
    members = [member for member in everyone if member.entry.sketch]
    keys = {
        member.entry.name: key_of(
            "overlap", {"target": target.sketch, "source": member.entry.sketch}, settings.model_dump()
        )
        for member in members
    }
    known = batches.read(target.sketch)
    have = set(known["key"])
    missing = {
        member.entry.sketch: keys[member.entry.name]
        for member in members
        if keys[member.entry.name] not in have
    }
    unreadable: dict[str, str] = {}
    if missing:
        new = _compare(plan, target, missing, unreadable)
        mark_unrecorded(plan.workspace)
        batches.append(target.sketch, new, settings.model_dump())
        known = pl.concat([known, new])
    found = {row["key"]: row["reason"] for row in known.iter_rows(named=True) if row["excluded"]}
    leaks = {name: found[key] for name, key in keys.items() if key in found}
    # A source whose texts cannot be looked at might be a leak, and a leak must never look like a good source.
    leaks |= {m.entry.name: unreadable[m.entry.sketch] for m in members if m.entry.sketch in unreadable}
    return leaks | _made_from(target, everyone)


def _made_from(target: Entry, members: Iterable[Member]) -> dict[str, str]:
    """Imported ESMs whose config names the dataset that the target was read from."""
    if target.reference.startswith((".", "/")) or (own := hub_id_of(target.reference)) is None:
        return {}
    subset = target.options.get("subset")
    found = {}
    for member in members:
        one = member.imported
        if one is None or not _same_dataset(own, one.task_id):
            continue
        # Another subset is another dataset; one that is not named might be the same.
        if subset is None or one.task_subset is None or subset == one.task_subset:
            found[member.entry.name] = f"it was made from the target's own dataset ({own})"
    return found


def _same_dataset(one: str, other: str) -> bool:
    """Whether two hub ids may name one dataset: many have been given an owner since (imdb, stanfordnlp/imdb)."""
    a, b = one.casefold(), other.casefold()
    return a == b or (("/" in a) != ("/" in b) and a.split("/")[-1] == b.split("/")[-1])


def _compare(plan: Plan, target: Entry, missing: dict[str, str], unreadable: dict[str, str]) -> pl.DataFrame:
    settings = plan.workspace.settings.overlap
    own = TargetIndex(Sketch.from_arrays(read_arrays(plan.path("sketches", target.sketch))))
    rows = []
    # One sketch at a time: a pool's sketches together can be gigabytes.
    for sketch, key in missing.items():
        try:
            overlap = compare(own, Sketch.from_arrays(read_arrays(plan.path("sketches", sketch))), settings)
        except (ArtefactError, KeyError, ValueError) as problem:
            why = problem.what if isinstance(problem, ArtefactError) else str(problem)
            unreadable[sketch] = f"the leak check could not be made: {why}"
            continue
        rows.append(
            {
                "key": key,
                "target_sketch": target.sketch,
                "source_sketch": sketch,
                "share": overlap.share,
                "excluded": overlap.excluded,
                "reason": overlap.reason,
            }
        )
    return pl.DataFrame(rows, schema=OVERLAPS)
