"""Every registered scorer over a real pool: it ranks, or says why not, and a second time computes nothing."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import add, change_params, ingest, refresh, rows_of

from features.rankings import Refreshed
from features.rankings.ranking import GAIN_FIELDS
from features.rankings.view import view_of
from features.reading import ReadOptions
from features.registry import Kind
from features.reports.markdown import to_markdown
from features.workspace import Workspace
from models.scorers import SCORERS
from models.tasks import Task

TARGETS = (Task.CLASSIFICATION, Task.PAIR_REGRESSION)
"""Between them they are taken by every scorer."""

EMPTY = {"source_popularity"}
"""Scorers that have nothing to go by yet, and must say so."""


def _rows(task: Task, seed: int) -> pl.DataFrame:
    rows = rows_of(seed, 30, noise=0.1)
    if task.is_regression:
        number = pl.col("label").eq("pos").cast(pl.Float64) * 2.5 + pl.col("text").str.len_chars() / 40
        rows = rows.with_columns(number.alias("label"))
    if task.is_pair:
        rows = rows.with_columns(rows_of(seed + 100, 30)["text"].alias("second"))
    return rows


def _add(workspace: Workspace, kind: Kind, folder: Path, task: Task, seed: int) -> None:
    path = folder / f"{task.value}_{kind.value}.parquet"
    _rows(task, seed).write_parquet(path)
    text = ("text", "second") if task.is_pair else ("text",)
    add(workspace, kind, path, name=task.value, read=ReadOptions(text=text, label="label", task=task))


@pytest.fixture(scope="module")
def pool(_empty: Workspace, tmp_path_factory: pytest.TempPathFactory, tiny_encoder_folder: Path) -> Workspace:
    """A source of each task type and two targets, each by the name of its task."""
    folder = tmp_path_factory.mktemp("every-scorer")
    shutil.copytree(_empty.root, folder / "team", symlinks=True)
    workspace = change_params(
        Workspace(folder / "team"), ranking={"sentence_encoder": str(tiny_encoder_folder)}
    )
    for number, task in enumerate(Task):
        _add(workspace, Kind.SOURCE, folder, task, 1 + number)
        if task in TARGETS:
            _add(workspace, Kind.TARGET, folder, task, 11 + number)
    ingest(workspace)
    return workspace


@pytest.fixture(scope="module")
def ranked(pool: Workspace) -> dict[tuple[str, Task], Refreshed]:
    """Every ranking there can be."""
    done = {
        (name, task): refresh(pool, task.value, name)
        for task in TARGETS
        for name, scorer in SCORERS.items()
        if task in scorer.tasks
    }
    return {pair: one for pair, one in done.items() if one is not None}


def test_every_scorer_ranks_every_task_it_takes_or_says_why_not(
    ranked: dict[tuple[str, Task], Refreshed],
) -> None:
    assert {name for name, _ in ranked} == set(SCORERS)
    assert len(ranked) == sum(len(scorer.tasks & set(TARGETS)) for scorer in SCORERS.values())
    for (name, task), done in ranked.items():
        told = f"{name} for {task}"
        rows, excluded = done.ranking["ranking"], done.ranking["excluded"]
        assert len(rows) + len(excluded) == 4, told
        assert all(len(one["reason"]) > 10 for one in excluded), told
        assert bool(rows) == (name not in EMPTY), f"{told}: {excluded}"
        # Of a source whose head knows numbers there are no classes to predict; nothing else is left out.
        for one in excluded:
            assert name in EMPTY or "regression" in one["source"], f"{told}: {one}"


def test_rows_are_numbers_in_the_scorers_own_order(ranked: dict[tuple[str, Task], Refreshed]) -> None:
    for (name, task), done in ranked.items():
        ranking, scorer = done.ranking, SCORERS[name]
        scores = [row["score"] for row in ranking["ranking"]]
        assert scores == sorted(scores, reverse=scorer.higher_is_better), f"{name} for {task}"
        assert all(math.isfinite(score) for score in scores)
        assert ranking["direction"] == scorer.direction
        has_errors = scorer.goes_by_rows and scorer.cost != "dear"
        assert all((row["stderr"] is not None) == has_errors for row in ranking["ranking"]), name
        assert bool(ranking["no_stderr"]) != has_errors


def test_a_second_refresh_computes_nothing(
    pool: Workspace, ranked: dict[tuple[str, Task], Refreshed]
) -> None:
    for name, task in ranked:
        assert refresh(pool, task.value, name) is None, f"{name} for {task}"
        again = refresh(pool, task.value, name, force=True)
        assert again is not None
        assert (again.computed, again.changed) == (0, False), f"{name} for {task}"


def test_what_people_and_programs_see_of_each_is_well_formed(
    pool: Workspace, ranked: dict[tuple[str, Task], Refreshed], cli: Cli
) -> None:
    for (name, task), done in ranked.items():
        said = cli("rank", task.value, "--scorer", name, "--json", "--workspace", pool.root)
        assert said.code == (1 if name in EMPTY else 0), name
        assert said.json["ranking_id"] == done.ranking["ranking_id"]
        assert said.json["scorer"] == name
        for row in said.json["ranking"]:
            fields = {"rank", "source", "source_version", "score", "stderr", "tier", "previous_rank"}
            assert fields | set(GAIN_FIELDS) == set(row)
            # Nobody has tried anything here.
            assert [row[name] for name in GAIN_FIELDS] == [None] * 3
        view = view_of(said.json)
        words = f"{view.summary} {to_markdown(view)}"
        if done.ranking["no_stderr"] and len(view.rows) > 1:
            assert f"No standard errors: {done.ranking['no_stderr']}." in words
            assert "apart" not in words
        assert ("lower is better" in words) == (SCORERS[name].direction == "lower")


def test_the_terminal_shows_one_of_each_kind(
    pool: Workspace, ranked: dict[tuple[str, Task], Refreshed], cli: Cli
) -> None:
    def shown(name: str) -> str:
        return cli("rank", "classification", "--scorer", name, "--workspace", pool.root).out

    assert "Nothing is ranked" in shown("source_popularity")
    assert "(lower is better)" in shown("pactran_gauss")
    assert "the scores are not of the target's rows" in shown("jsd")
    assert "every score depends on all sources together" in shown("osborn")
    assert "Untouched encoder" in shown("gbc")
    assert "Untouched encoder" not in shown("textemb")
