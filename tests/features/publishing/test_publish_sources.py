"""Publishing a pool: few commits, nothing twice, and tables that do not fall into ever more files."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.publishing import open_store, publish_sources, sources
from models.errors import ArtefactError

VIEWS = ("dataset_profile", "row_embedding", "centroid", "esm")


@pytest.fixture
def unpublished(team: Team) -> Plan:
    """Three sources whose files are there and that the store does not have."""
    shutil.rmtree(team.workspace.store_uri, ignore_errors=True)
    return Plan(team.workspace)


def served(plan: Plan) -> dict[str, pl.DataFrame]:
    store = open_store(plan)
    return {view: store.get(view, ["s1", "s2", "s3"]).sort("key") for view in VIEWS}


def test_all_sources_go_into_one_commit_of_each_table(unpublished: Plan) -> None:
    rows = publish_sources(unpublished)
    store = open_store(unpublished)
    counts = {view: store.count(view) for view in VIEWS}
    assert counts["esm"] == counts["centroid"] == counts["dataset_profile"] == 3
    assert rows == sum(counts.values())
    assert store.fragments() == 1


def test_publishing_again_writes_nothing(unpublished: Plan) -> None:
    publish_sources(unpublished)
    before = {path: path.stat().st_mtime_ns for path in Path(unpublished.workspace.store_uri).rglob("*")}
    assert publish_sources(Plan(unpublished.workspace)) == 0
    assert {p: p.stat().st_mtime_ns for p in Path(unpublished.workspace.store_uri).rglob("*")} == before


def test_batches_of_any_size_publish_the_same(unpublished: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_sources(unpublished)
    at_once = served(unpublished)
    shutil.rmtree(unpublished.workspace.store_uri)
    monkeypatch.setattr(sources, "_AT_ONCE", 1)
    publish_sources(unpublished)
    assert open_store(unpublished).fragments() == 3
    for view, rows in served(unpublished).items():
        assert_frame_equal(rows, at_once[view])


def test_many_small_files_are_merged_and_serve_the_same(
    unpublished: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_sources(unpublished)
    at_once = served(unpublished)
    shutil.rmtree(unpublished.workspace.store_uri)
    monkeypatch.setattr(sources, "_AT_ONCE", 1)
    monkeypatch.setattr(sources, "_FRAGMENTS", 2)
    publish_sources(unpublished)
    assert open_store(unpublished).fragments() == 1
    for view, rows in served(unpublished).items():
        assert_frame_equal(rows, at_once[view])


def test_a_source_with_a_broken_dataset_file_is_not_served_half(unpublished: Plan) -> None:
    source = unpublished.pool()[1]
    unpublished.path("datasets", source.version).write_bytes(b"PAR1 cut off")
    with pytest.raises(ArtefactError):
        publish_sources(unpublished)
    assert unpublished.source_keys(source).esm in open_store(unpublished).missing_keys(
        "esm", [unpublished.source_keys(source).esm]
    )
