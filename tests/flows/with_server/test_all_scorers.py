"""``springboard scorers``, ``refresh --scorer NAME|all`` and ``rank --scorer NAME``, over real flows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from support.cli import Cli
from support.workspaces import Team, add, change_params, refresh, write_rows

from features.artefacts.plan import Plan
from features.rankings import stale_targets, work_of
from features.reading import ReadOptions
from features.registry import Kind, Ledger
from models.errors import ScoringError
from models.scorers import registry
from models.tasks import Task

pytestmark = pytest.mark.long


def _with_numbers(team: Team) -> None:
    """A third target, ``numbers``, with numbers for labels."""
    path = write_rows(team.files / "numbers.csv", 50)
    lines = path.read_text().splitlines()
    head, *rows = lines
    numbered = [
        f"{row.rpartition(',')[0]},{number % 7 + (3.5 if row.endswith('pos') else 0.25)}"
        for number, row in enumerate(rows)
    ]
    path.write_text("\n".join([head, *numbered]) + "\n")
    add(team.workspace, Kind.TARGET, path, read=ReadOptions(task=Task.REGRESSION))


def _few(monkeypatch: pytest.MonkeyPatch, *names: str, **more: Any) -> None:
    chosen = {name: registry.SCORERS[name] for name in sorted(names)} | more
    monkeypatch.setattr(registry, "SCORERS", MappingProxyType(chosen))


def _always_fails(inputs: Any, **settings: Any) -> float:
    raise ScoringError("made to fail", consequence="no score was stored")


def test_the_list_holds_every_scorer_with_its_keys_outside_of_a_workspace(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli("scorers", "--json")
    assert said.code == 0
    assert [one["name"] for one in said.json] == list(registry.SCORERS)
    assert {"name", "title", "tasks", "needs", "cost", "direction", "paper"} <= set(said.json[0])
    for one in said.json:
        scorer = registry.SCORERS[one["name"]]
        assert set(one["tasks"]) == {task.value for task in scorer.tasks}
        assert set(one["needs"]) == {need.value for need in scorer.needs}
        assert (one["cost"], one["direction"]) == (scorer.cost, scorer.direction)
        assert one["paper"] == scorer.paper
    assert {one["goes_by"] for one in said.json} == {"fit", "head", "data", "history", "weights", "sets"}


def test_the_table_groups_the_scorers_by_what_they_go_by(cli: Cli) -> None:
    lines = cli("scorers").out.splitlines()
    at = {line: number for number, line in enumerate(lines)}
    row_of = {line.split(" ", 1)[0]: number for number, line in enumerate(lines) if line}
    assert set(registry.SCORERS) <= set(row_of)
    assert at["Features and labels"] < row_of["logme"] < at["The source model's predictions"] < row_of["leep"]
    assert at["Several sources together"] < row_of["osborn"]
    assert "lowest" in lines[row_of["jsd"]]
    assert "highest" in lines[row_of["logme"]]


def test_all_passes_over_what_does_not_take_the_task(team: Team) -> None:
    _with_numbers(team)
    work = work_of(Plan(team.workspace), None, "all", force=False)
    assert ("t1", "gbc") in work.todo
    assert ("t1", "etran_regression") not in work.todo
    assert ("t1", "logme") not in work.todo  # ranked by it already
    assert ("numbers", "etran_regression") in work.todo
    assert work.passed_over["t1"] == ["etran_regression"]
    assert "gbc" in work.passed_over["numbers"]
    assert "logme" not in work.passed_over["numbers"]
    assert not work.refused
    assert not work.fresh


def test_a_scorer_for_which_no_target_was_named_is_about_those_it_takes(team: Team) -> None:
    _with_numbers(team)
    work = work_of(Plan(team.workspace), None, "gbc", force=True)
    assert work.todo == [("t1", "gbc"), ("t2", "gbc")]
    assert work.passed_over == {"numbers": ["gbc"]}
    named = work_of(Plan(team.workspace), ["numbers", "t2"], "gbc", force=True)
    assert named.todo == [("t2", "gbc")]
    assert list(named.refused) == ["numbers"]


def test_a_named_scorer_that_does_not_take_the_named_target_is_refused(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    said = cli("refresh", "t1", "--scorer", "etran_regression", *where)
    assert said.is_clear_error("'t1'", "does not score classification targets", "springboard scorers")
    shown = cli("rank", "t1", "--scorer", "etran_regression", *where)
    assert shown.code == 1
    assert "does not score classification targets" in shown.out
    asked = cli("rank", "t1", "--scorer", "etran_regression", "--json", *where)
    assert asked.code == 1
    assert asked.json["ranking"] == []
    assert "does not score classification" in asked.json["reason"]


def test_rank_by_a_scorer_that_was_never_computed_says_what_to_type(team: Team, cli: Cli) -> None:
    said = cli("rank", "t1", "--scorer", "gbc", "--workspace", team.workspace.root)
    assert said.code == 1
    assert "springboard refresh t1 --scorer gbc" in said.out


def test_a_target_that_the_default_scorer_does_not_take_is_neither_stale_nor_fresh(
    team: Team, cli: Cli
) -> None:
    _with_numbers(team)
    workspace = change_params(team.workspace, ranking={"scorer": "gbc"})
    refresh(workspace, "t1")
    refresh(workspace, "t2")
    said = cli("status", "--max-age", "0s", "--workspace", workspace.root)
    assert said.code == 0
    assert "not scored: numbers (scorer gbc does not score regression targets" in said.out


def test_all_goes_on_past_one_that_fails_and_a_second_run_computes_nothing(
    prefect_server: None, team: Team, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = dataclasses.replace(registry.SCORERS["gbc"], name="broken", compute=_always_fails)
    _few(monkeypatch, "logme", "jsd", "etran_regression", "source_popularity", broken=broken)
    where = ("--workspace", team.workspace.root)
    said = cli("refresh", "t1", "--scorer", "all", "--json", *where)
    assert said.code == 1
    assert list(said.json["failed"]) == ["t1 (broken)"]
    assert "made to fail" in said.json["failed"]["t1 (broken)"]
    assert said.json["passed_over"] == {"t1": ["etran_regression"]}
    made = {one["scorer"]: one for one in said.json["rankings"]}
    assert set(made) == {"jsd", "source_popularity"}
    assert (made["jsd"]["ranked"], made["jsd"]["reason"]) == (3, None)
    assert made["source_popularity"]["ranked"] == 0
    assert "no transfer results" in made["source_popularity"]["reason"]
    assert said.json["changed"] == ["t1"]
    (page,) = (Path(said.json["report"]).parent / "targets").glob("t1*.html")
    assert "Also stored are rankings by jsd, source_popularity" in page.read_text()
    assert "by logme score" in page.read_text()

    _few(monkeypatch, "logme", "jsd", "etran_regression", "source_popularity")
    again = cli("refresh", "t1", "--scorer", "all", *where)
    assert again.code == 0
    assert "Passed over: t1 by etran_regression (another task)" in again.out
    assert "Every ranking is fresh." in again.out


def test_past_results_are_asked_for_and_then_rank(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    refresh(team.workspace, "t1", "source_popularity")
    empty = cli("rank", "t1", "--scorer", "source_popularity", *where)
    assert empty.code == 1
    assert "Nothing is ranked: no source could be scored; 3 sources were left out" in empty.out
    assert "no transfer results of this source on other targets" in empty.out
    assert cli("rank", "t1", "--scorer", "source_popularity", "--json", *where).json["ranking"] == []
    assert "t1" not in stale_targets(Plan(team.workspace), "source_popularity")

    ledger = Ledger(team.workspace.ledgers / "transfers.jsonl")
    for source, score in (("s1", 0.7), ("s3", 0.9)):
        ledger.append({"source": source, "target": "t2", "score": score, "baseline": 0.6})
    assert "t1" in stale_targets(Plan(team.workspace), "source_popularity")
    assert "t1" not in stale_targets(Plan(team.workspace), "logme")
    refresh(team.workspace, "t1", "source_popularity")
    shown = cli("rank", "t1", "--scorer", "source_popularity", "--json", *where)
    assert shown.code == 0
    assert [row["source"] for row in shown.json["ranking"]] == ["s3", "s1"]
    assert shown.json["base_score"] is None
    told = cli("rank", "t1", "--scorer", "source_popularity", *where).out
    assert "No standard errors: the scores are not of the target's rows." in told
    assert "apart" not in told
