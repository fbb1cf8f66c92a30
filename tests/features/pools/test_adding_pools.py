"""A pool in a workspace: once, under names that stand for its rows, in the files that everything else reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.esms import read_esm
from features.artefacts.plan import Plan
from features.exchange import Imports
from features.exchange.imports import Import
from features.pools import add_pool, export_pool, restore_pools
from features.pools.layout import source_path
from features.publishing import publish_sources, rebuild_store
from features.publishing.publish import open_store
from features.record.stages import make_stage
from features.registry import Kind
from features.reports.records import source_records, status_record
from features.workspace import Workspace
from models.errors import NamingError


def _listed(workspace: Workspace) -> dict[str, str]:
    return {record["name"]: record["status"] for record in source_records(Plan(workspace))}


def test_twice_is_once(workspace: Workspace, pool: Path) -> None:
    first = add_pool(Plan(workspace), pool)
    assert set(first.statuses.values()) == {"new"}
    ledger = (workspace.ledgers / "registry.jsonl").read_bytes()
    second = add_pool(Plan(workspace), pool)
    assert set(second.statuses.values()) == {"unchanged"}
    assert (workspace.ledgers / "registry.jsonl").read_bytes() == ledger


def test_its_maps_are_the_very_maps(workspace: Workspace, pool: Path, team: Team) -> None:
    add_pool(Plan(workspace), pool)
    theirs = {
        source.name: Plan(team.workspace).source_keys(source).esm for source in Plan(team.workspace).pool()
    }
    ours = {one.name: one.esm for one in Plan(workspace).registry.pooled().values()}
    assert ours == theirs
    for key in theirs.values():
        a, b = (read_esm(Plan(one), key, 32) for one in (team.workspace, workspace))
        assert np.array_equal(a.u, b.u)
        assert np.array_equal(a.b, b.b)


def test_what_the_pool_has_another_map_of_is_updated(workspace: Workspace, pool: Path, team: Team) -> None:
    add_pool(Plan(workspace), pool)
    changed = change_params(team.workspace, esm={"rank": 2})
    ingest(changed)
    export_pool(Plan(changed), pool, name="tiny", names=["s2"])
    after = add_pool(Plan(workspace), pool)
    assert after.statuses == {"s2": "updated"}
    pooled = {one.name: one.esm for one in Plan(workspace).registry.pooled().values()}
    assert set(pooled) == {"s1", "s2", "s3"}
    assert read_esm(Plan(workspace), pooled["s2"], 32).rank == 2
    assert read_esm(Plan(workspace), pooled["s1"], 32).rank == 4


def test_nothing_of_it_is_pending_and_no_step_computes_it(workspace: Workspace, pool: Path) -> None:
    add_pool(Plan(workspace), pool)
    assert Plan(workspace).pending() == []
    for stage in ("datasets", "embeddings", "moments", "esms"):
        assert make_stage(Plan(workspace), stage) == {}
    assert list(workspace.folder("moments").iterdir()) == []
    assert list(workspace.folder("embeddings").iterdir()) == []
    with pytest.raises(NamingError, match="came ready-made with pool 'tiny'"):
        Plan(workspace).chosen(["s1"])


def test_it_is_listed_with_where_it_is_from(workspace: Workspace, pool: Path) -> None:
    add_pool(Plan(workspace), pool)
    (first, *_) = source_records(Plan(workspace))
    told = {key: first[key] for key in ("name", "rows", "status", "licence", "reference", "pool")}
    assert told == {
        "name": "s1",
        "rows": 40,
        "status": "ready",
        "licence": "MIT",
        "reference": "github.com/somebody/films",
        "pool": "tiny",
    }
    assert status_record(Plan(workspace))["sources"] == {"registered": 3, "ready": 3, "pending": []}
    moved = change_params(workspace, encoder={"pooling": "first"})
    assert _listed(moved) == {"s1": "excluded", "s2": "excluded", "s3": "excluded"}


def test_a_name_that_stands_for_other_rows_here_stays_theirs(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1.csv", 31))
    added = add_pool(Plan(workspace), pool)
    assert added.renamed == {"s1": "s1-tiny"}
    assert _listed(workspace) == {"s1": "pending", "s1-tiny": "ready", "s2": "ready", "s3": "ready"}
    assert set(add_pool(Plan(workspace), pool).statuses.values()) == {"unchanged"}


def test_an_imported_esm_keeps_its_name_too(workspace: Workspace, pool: Path) -> None:
    Imports(workspace).note(Import("s2", "somebody/else", "0" * 32, "bert-base-uncased", 32, 4, "imdb"))
    assert add_pool(Plan(workspace), pool).renamed == {"s2": "s2-tiny"}


def test_where_both_names_are_taken_nothing_is_stored(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1.csv", 31))
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1-tiny.csv", 32))
    with pytest.raises(NamingError, match="'s1' and 's1-tiny'"):
        add_pool(Plan(workspace), pool)
    assert Plan(workspace).registry.pooled() == {}
    assert list(workspace.folder("pools").glob("*")) == []


def test_a_pools_name_may_not_be_given_to_other_rows(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    add_pool(Plan(workspace), pool)
    with pytest.raises(NamingError, match="of the ready-made pool 'tiny'"):
        add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1.csv", 31))
    assert Plan(workspace).registry.current(Kind.SOURCE) == {}
    assert add(workspace, Kind.TARGET, write_rows(tmp_path / "s1.csv", 31)).status == "new"


def test_the_same_rows_under_the_same_name_are_listed_once(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "s1.csv", 1)
    add(workspace, Kind.SOURCE, path)
    added = add_pool(Plan(workspace), pool)
    assert added.same_rows == {"s1": "s1"}
    assert added.renamed == {}
    assert _listed(workspace) == {"s1": "pending", "s2": "ready", "s3": "ready"}
    add(workspace, Kind.SOURCE, path, name="films")
    ingest(workspace)
    assert _listed(workspace) == {"s1": "ready", "films": "ready", "s2": "ready", "s3": "ready"}


def test_two_pools_with_the_same_rows_are_one_source(
    workspace: Workspace, pool: Path, team: Team, tmp_path: Path
) -> None:
    export_pool(Plan(team.workspace), tmp_path / "other", name="other", names=["s1"])
    add_pool(Plan(workspace), pool)
    add_pool(Plan(workspace), tmp_path / "other")
    add(workspace, Kind.TARGET, write_rows(tmp_path / "mine.csv", 77))
    done = refresh(workspace, "mine")
    assert done is not None
    assert sorted(row["source"] for row in done.ranking["ranking"]) == ["s1", "s2", "s3"]
    assert _listed(workspace) == {"s1": "ready", "s2": "ready", "s3": "ready"}


def test_missing_files_are_made_again_from_the_pools_own_file(workspace: Workspace, pool: Path) -> None:
    add_pool(Plan(workspace), pool)
    gone = [path for kind in ("esms", "sketches") for path in workspace.folder(kind).iterdir()]
    content = {path: path.read_bytes() for path in workspace.folder("esms").iterdir()}
    for path in gone:
        path.unlink()
    assert _listed(workspace) == {"s1": "pending", "s2": "pending", "s3": "pending"}
    assert make_stage(Plan(workspace), "datasets") == {}
    assert all(path.exists() for path in gone)
    assert {path: path.read_bytes() for path in content} == content


def test_adding_it_again_mends_what_is_broken(workspace: Workspace, pool: Path) -> None:
    add_pool(Plan(workspace), pool)
    files = [path for kind in ("pools", "esms", "sketches") for path in workspace.folder(kind).iterdir()]
    content = {path: path.read_bytes() for path in files if path.parent.name != "sketches"}
    for path in files:
        path.write_bytes(path.read_bytes()[:50])
    assert set(add_pool(Plan(workspace), pool).statuses.values()) == {"unchanged"}
    assert {path: path.read_bytes() for path in content} == content
    assert _listed(workspace) == {"s1": "ready", "s2": "ready", "s3": "ready"}


def test_a_clone_takes_missing_files_from_the_shipped_pool_or_says_that_it_cannot(
    workspace: Workspace, pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.pools import restoring

    add_pool(Plan(workspace), pool)
    for kind in ("pools", "esms", "sketches"):
        for path in workspace.folder(kind).iterdir():
            path.unlink()
    failed = restore_pools(Plan(workspace))
    assert set(failed) == {"s1", "s2", "s3"}
    assert "the file of source 's1' of pool 'tiny' is missing" in failed["s1"]
    source_path(pool, "s3").write_bytes(b"of a newer release")
    monkeypatch.setattr(restoring, "shipped_pools", lambda: {"tiny": pool})
    assert set(restore_pools(Plan(workspace))) == {"s3"}
    assert _listed(workspace) == {"s1": "ready", "s2": "ready", "s3": "pending"}


def test_lancedb_serves_it_and_a_rebuild_serves_the_same(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    add_pool(Plan(workspace), pool)
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "own.csv", 5))
    ingest(workspace)
    publish_sources(Plan(workspace))
    assert publish_sources(Plan(workspace)) == 0
    before = _served(workspace)
    assert before == {"esm": 4, "dataset_profile": 4, "centroid": 4}
    rebuild_store(Plan(workspace))
    assert _served(workspace) == before
    # By its name, as one's own are.
    (row,) = open_store(Plan(workspace)).get("dataset_profile", ["s1"]).iter_rows(named=True)
    assert (row["rows"], row["classes"], row["licence"]) == (40, 2, "MIT")


def _served(workspace: Workspace) -> dict[str, int]:
    store = open_store(Plan(workspace))
    return {view: store.count(view) for view in ("esm", "dataset_profile", "centroid")}


def test_its_own_rows_here_are_served_once(workspace: Workspace, pool: Path, tmp_path: Path) -> None:
    add_pool(Plan(workspace), pool)
    publish_sources(Plan(workspace))
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "films.csv", 1))
    ingest(workspace)
    publish_sources(Plan(workspace))
    rebuilt = rebuild_store(Plan(workspace))
    assert rebuilt is not None
    assert publish_sources(Plan(workspace)) == 0
