from __future__ import annotations

import shutil
from datetime import UTC, datetime

from support.cli import Cli
from support.workspaces import Team, add, ingest, refresh, write_rows

from features.artefacts.plan import Plan
from features.publishing import open_store, publish_ranking, publish_rankings, publish_sources, rebuild_store
from features.registry import Kind
from features.store import VIEWS
from features.workspace import Workspace


def _publish_all(workspace: Workspace) -> int:
    plan = Plan(workspace)
    return publish_sources(plan) + publish_rankings(plan)


def _rows(workspace: Workspace) -> dict[str, list[str]]:
    store = open_store(Plan(workspace))
    found = {}
    for view in VIEWS:
        # By row and not by name: rows that two names stand for are still one.
        frame = store.get(view, None).drop("entity", strict=False).unique()
        found[view] = sorted(repr(row) for row in frame.select(sorted(frame.columns)).iter_rows())
    return found


def test_publishing_twice_adds_nothing(team: Team) -> None:
    assert _publish_all(team.workspace) > 0
    before = _rows(team.workspace)
    assert all(before.values())
    assert _publish_all(team.workspace) == 0
    assert _rows(team.workspace) == before


def test_a_ranking_left_unpublished_by_a_killed_run_is_caught_up_with(team: Team) -> None:
    plan = Plan(team.workspace)
    publish_sources(plan)
    assert open_store(plan).get("ranking", None).is_empty()
    assert refresh(team.workspace, "t1") is None  # it is fresh, so no refresh would come by it again
    assert publish_rankings(plan) > 0
    caught_up = _rows(team.workspace)
    done = refresh(team.workspace, "t1", force=True)
    assert done is not None
    assert publish_ranking(plan, done) == 0
    assert _rows(team.workspace) == caught_up


def test_the_store_is_the_same_after_it_was_lost(team: Team, cli: Cli) -> None:
    refresh(team.workspace, "t2")
    _publish_all(team.workspace)
    before = _rows(team.workspace)
    shutil.rmtree(team.workspace.store_uri)
    said = cli("rebuild", "--json", "--workspace", team.workspace.root)
    assert said.code == 0, said.err
    assert _rows(team.workspace) == before
    assert _publish_all(team.workspace) == 0


def test_a_rebuild_names_the_datasets_whose_files_are_missing(team: Team, cli: Cli) -> None:
    plan = Plan(team.workspace)
    plan.path("datasets", plan.registry.get(Kind.SOURCE, "s2").version).unlink()
    plan.path("embeddings", plan.source_keys(plan.registry.get(Kind.SOURCE, "s2")).embedding).unlink()
    said = cli("rebuild", "--workspace", team.workspace.root)
    assert said.code == 1
    assert "the files of 1 registered dataset (s2)" in said.out
    assert "Next: springboard pull" in said.out
    # As in a clone, where git has brought the ledgers and nobody the artefacts.
    shutil.rmtree(team.workspace.data)
    said = cli("rebuild", "--json", "--workspace", team.workspace.root)
    assert (said.code, said.json["rows"], said.json["missing"]) == (1, {}, ["s1", "s2", "s3", "t1", "t2"])
    assert "No table was made" in cli("rebuild", "--workspace", team.workspace.root).out


def test_a_broken_file_stops_a_rebuild_and_the_old_store_serves_on(team: Team, cli: Cli) -> None:
    _publish_all(team.workspace)
    before = _rows(team.workspace)
    path = next(team.workspace.folder("esms").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:100])
    assert cli("rebuild", "--workspace", team.workspace.root).is_clear_error(path.name)
    assert _rows(team.workspace) == before


def test_the_store_is_read_as_it_was_at_a_time(team: Team) -> None:
    _publish_all(team.workspace)
    between = datetime.now(UTC)
    before = open_store(Plan(team.workspace)).get("esm", None).height
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(team.workspace)
    _publish_all(team.workspace)
    store = open_store(Plan(team.workspace))
    assert (store.get("esm", None, as_of=between).height, store.get("esm", None).height) == (
        before,
        before + 1,
    )
    rebuild_store(Plan(team.workspace))
    store = open_store(Plan(team.workspace))
    assert (store.get("esm", None, as_of=between).height, store.get("esm", None).height) == (
        before,
        before + 1,
    )


def test_the_same_rows_under_two_names_are_served_once(team: Team) -> None:
    _publish_all(team.workspace)
    before = _rows(team.workspace)
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "again.parquet", 1))
    ingest(team.workspace)
    assert _publish_all(team.workspace) == 0
    assert _rows(team.workspace) == before
