"""A newcomer's target against a pool's sources: ranked like one's own, leaks found, what is absent said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.workspaces import Team, add, change_params, ingest, refresh, rows_of, write_rows

from features.artefacts.plan import Plan
from features.intake import allow_overlaps
from features.pools import add_pool
from features.rankings import stale_targets
from features.rankings.pool import Pool
from features.rankings.refresh import Refreshed
from features.registry import Kind
from features.workspace import Workspace


def _ranked(done: Refreshed | None) -> dict[str, float]:
    assert done is not None
    return {row["source"]: row["score"] for row in done.ranking["ranking"]}


def _excluded(done: Refreshed | None) -> dict[str, str]:
    assert done is not None
    return {one["source"]: one["reason"] for one in done.ranking["excluded"]}


def _newcomer(workspace: Workspace, pool: Path, files: Path) -> Workspace:
    add_pool(Plan(workspace), pool)
    add(workspace, Kind.TARGET, write_rows(files / "mine.csv", 77))
    return workspace


def test_a_newcomers_target_is_ranked_as_where_the_pool_was_made(
    workspace: Workspace, pool: Path, team: Team, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "mine.csv", 77)
    add(team.workspace, Kind.TARGET, path)
    there = refresh(team.workspace, "mine")
    here = refresh(_newcomer(workspace, pool, tmp_path), "mine")
    assert _ranked(here) == _ranked(there)
    assert set(_ranked(here)) == {"s1", "s2", "s3"}
    assert here is not None
    assert there is not None
    versions = [
        {row["source"]: row["source_version"] for row in one.ranking["ranking"]} for one in (here, there)
    ]
    assert versions[0] == versions[1]
    assert "warnings" not in here.ranking


@pytest.mark.parametrize("scorer", ["textemb", "leep", "nce", "jsd", "source_size", "vocabulary_overlap"])
def test_what_is_shipped_serves_these_scorers_as_the_whole_source_does(
    scorer: str, workspace: Workspace, pool: Path, team: Team, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "mine.csv", 77)
    add(team.workspace, Kind.TARGET, path)
    there = _ranked(refresh(team.workspace, "mine", scorer))
    here = _ranked(refresh(_newcomer(workspace, pool, tmp_path), "mine", scorer))
    assert here.keys() == there.keys() == {"s1", "s2", "s3"}
    # A head in half precision is the one thing that is not what it was.
    assert np.allclose([here[name] for name in there], list(there.values()), rtol=5e-3)


def test_sentence_centroids_are_the_centroids_where_the_encoder_is_one(
    workspace: Workspace, pool: Path, tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    workspace = change_params(workspace, ranking={"sentence_encoder": str(tiny_encoder_folder)})
    scores = _ranked(refresh(_newcomer(workspace, pool, tmp_path), "mine", "semb"))
    assert set(scores) == {"s1", "s2", "s3"}


@pytest.mark.parametrize(
    ("scorer", "what"),
    [
        ("proxy_a_distance", "sample of its rows"),
        ("token_max_similarity", "sample of its tokens' vectors"),
        ("taskemb", "no Fisher information (ready-made pools are shipped without it)"),
        ("task_vector", "no update of weights (ready-made pools are shipped without it)"),
        ("semb", "centroid by this workspace's ranking.sentence_encoder"),
        ("logme@tuned", "tuned model"),
    ],
)
def test_a_scorer_that_needs_more_says_what_the_pool_lacks(
    scorer: str, what: str, workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    done = refresh(_newcomer(workspace, pool, tmp_path), "mine", scorer)
    assert _ranked(done) == {}
    assert set(_excluded(done)) == {"s1", "s2", "s3"}
    assert all(what in reason for reason in _excluded(done).values()), _excluded(done)


def test_a_target_that_copies_a_shipped_source_is_a_leak(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    add_pool(Plan(workspace), pool)
    copied = pl.concat([rows_of(2, 40), rows_of(88, 60)])
    copied.write_csv(tmp_path / "copied.csv")
    add(workspace, Kind.TARGET, tmp_path / "copied.csv")
    done = refresh(workspace, "copied")
    assert set(_ranked(done)) == {"s1", "s3"}
    assert "of the target's 100 distinct texts" in _excluded(done)["s2"]


def test_a_leak_may_be_allowed(workspace: Workspace, pool: Path, tmp_path: Path) -> None:
    add_pool(Plan(workspace), pool)
    add(workspace, Kind.TARGET, write_rows(tmp_path / "copied.csv", 2))
    assert "s2" in _excluded(refresh(workspace, "copied"))
    allow_overlaps(workspace, "copied", ["s2"])
    assert stale_targets(Plan(workspace)) == ["copied"]
    assert "s2" in _ranked(refresh(workspace, "copied"))


def test_other_overlap_settings_leave_the_pools_sources_out(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    workspace = change_params(workspace, overlap={"shingle": 4})
    assert "overlap.shingle (4)" in add_pool(Plan(workspace), pool).no_leak_check
    add(workspace, Kind.TARGET, write_rows(tmp_path / "mine.csv", 77))
    done = refresh(workspace, "mine")
    assert _ranked(done) == {}
    assert all("the leak check could not be made" in reason for reason in _excluded(done).values())


def test_other_settings_of_tuning_and_rank_do_not_touch_the_pool(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    before = _ranked(refresh(_newcomer(workspace, pool, tmp_path), "mine"))
    workspace = change_params(workspace, tuning={"epochs": 7}, esm={"rank": 2})
    assert _ranked(refresh(workspace, "mine", force=True)) == before


def test_another_encoder_in_force_leaves_the_pool_out_and_says_why(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    made_for = Plan(_newcomer(workspace, pool, tmp_path)).encoder
    workspace = change_params(workspace, encoder={"pooling": "first"})
    left_out = Pool(Plan(workspace)).left_out
    assert set(left_out) == {"s1", "s2", "s3"}
    assert all("pool 'tiny'" in why and made_for[:12] in why for why in left_out.values())
    assert Pool(Plan(workspace)).members == []


def test_a_pool_that_arrives_makes_rankings_stale(workspace: Workspace, pool: Path, tmp_path: Path) -> None:
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "own.csv", 5))
    add(workspace, Kind.TARGET, write_rows(tmp_path / "mine.csv", 77))
    ingest(workspace)
    refresh(workspace, "mine")
    assert stale_targets(Plan(workspace)) == []
    add_pool(Plan(workspace), pool)
    assert stale_targets(Plan(workspace)) == ["mine"]
    assert set(_ranked(refresh(workspace, "mine"))) == {"own", "s1", "s2", "s3"}
    add_pool(Plan(workspace), pool)
    assert stale_targets(Plan(workspace)) == []


def test_the_same_rows_added_as_a_source_are_the_same_source(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    _newcomer(workspace, pool, tmp_path)
    added = add(workspace, Kind.SOURCE, write_rows(tmp_path / "films.csv", 1))
    assert (added.status, added.pooled) == ("new", "s1")
    # Nothing is made of it yet: the shipped one stands.
    assert set(_ranked(refresh(workspace, "mine"))) == {"s1", "s2", "s3"}
    ingest(workspace)
    done = refresh(workspace, "mine")
    assert set(_ranked(done)) == {"films", "s2", "s3"}
    assert _excluded(done) == {}


def test_past_results_count_for_a_pooled_source_by_its_name(
    workspace: Workspace, pool: Path, tmp_path: Path
) -> None:
    from features.registry import Ledger

    _newcomer(workspace, pool, tmp_path)
    ledger = Ledger(workspace.ledgers / "transfers.jsonl")
    for source, score in (("s1", 0.9), ("s2", 0.6), ("s3", 0.5)):
        ledger.append({"source": source, "target": "elsewhere", "score": score, "baseline": 0.5})
    scores = _ranked(refresh(workspace, "mine", "source_popularity"))
    assert scores["s1"] == pytest.approx(0.4)
    assert scores["s2"] == pytest.approx(0.1)
