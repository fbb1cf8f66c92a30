"""LanceDB's upkeep, and whether it serves what the files hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.batches import Batches
from features.maintenance.problems import Problem
from features.publishing import open_store, publish_rankings, publish_sources
from features.rankings.history import RankingLedger
from features.rankings.scoring import SCORES
from features.record.recorder import unrecorded
from features.store.tables import REBUILD
from features.store.views import VIEWS
from features.wording import counted

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.store import Store

__all__ = ["Served", "check_store", "keep_up", "lacking"]

READERS = timedelta(hours=1)
"""How long a version stays for readers that still have it open; times past are read by timestamp, not by version."""


@dataclass(frozen=True)
class Served:
    """LanceDB's upkeep.

    Attributes
    ----------
    published
        Rows that a killed run had left unpublished; in a dry run, those that are.
    files
        Files of the table with the most, before and after.
    tables
        Table -> ``cleaned``, or ``kept for tag NAME``; empty in a dry run.
    """

    published: int = 0
    files: tuple[int, int] = (0, 0)
    tables: dict[str, str] = field(default_factory=dict)


def has_store(plan: Plan) -> bool:
    """Whether anything was ever published."""
    uri = plan.workspace.store_uri
    return "://" in uri or Path(uri).is_dir()


def keep_up(plan: Plan, *, dry_run: bool = False) -> Served:
    """Publish what is in the files and not served yet, merge small files, renew indexes, drop old versions.

    Versions that a release's tag holds stay, and all that are younger. Vectors get no index: comparing with every row
    is exact, and quick at any size that a pool's samples come to.

    Raises
    ------
    StoreError
        A table is broken; ``springboard rebuild`` makes it anew.
    BusyError
        Another run has been writing for longer than the settings allow.
    """
    if not has_store(plan):
        return Served()
    store = open_store(plan)
    before = store.fragments()
    if dry_run:
        return Served(sum(len(keys) for _, keys in lacking(plan, store)), (before, before))
    published = publish_sources(plan) + publish_rankings(plan)
    tables = store.optimize(READERS)
    return Served(published, (before, store.fragments()), tables)


def lacking(plan: Plan, store: Store) -> Iterator[tuple[str, list[str]]]:
    """(view, keys) of what the files of the present state hold and LanceDB does not."""
    for view, keys in _expected(plan).items():
        if missing := store.missing_keys(view, list(dict.fromkeys(keys))):
            yield view, missing


def check_store(plan: Plan) -> list[Problem]:
    """Hold LanceDB against the files: every key that is to be served is, and none twice.

    Raises
    ------
    StoreError
        A table is broken.
    """
    if not has_store(plan):
        return []
    store = open_store(plan)
    problems = []
    # While a run is at work, files may be there that it publishes only later; a killed one leaves that to the next.
    if not unrecorded(plan.workspace):
        for view, keys in lacking(plan, store):
            what = f"it lacks {counted(len(keys), 'row')} of {view} that the files hold"
            problems.append(Problem("LanceDB", what, REBUILD))
    for view in VIEWS:
        rows, held = store.count(view), len(store.keys(view))
        if rows != held:
            problems.append(Problem("LanceDB", f"{view} holds {rows:,} rows for {held:,} keys", REBUILD))
    return problems


def _expected(plan: Plan) -> dict[str, list[str]]:
    """View -> keys, of the ready sources and of every ranking; what older settings left is served until a rebuild."""
    ready = [(source, plan.source_keys(source)) for source in plan.pool() if plan.is_ready(source)]
    pooled = [one for one in plan.registry.pooled().values() if plan.path("pools", one.file).exists()]
    rankings = plan.workspace.folder("rankings")
    ids = {line["ranking_id"] for line in RankingLedger(plan.workspace).lines()}
    return {
        "dataset_profile": [source.version for source, _ in ready] + [one.version for one in pooled],
        "centroid": [keys.embedding for _, keys in ready] + [one.file for one in pooled],
        "esm": [keys.esm for _, keys in ready]
        + [one.esm for one in pooled if plan.path("esms", one.esm).exists()],
        "ranking": sorted(one for one in ids if (rankings / f"{one}.json").exists()),
        "score": sorted(Batches(plan.workspace.folder("scores"), SCORES).read()["key"].to_list()),
    }
