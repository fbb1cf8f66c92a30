"""``springboard feedback`` and ``list feedback`` as they are typed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli import Cli
from support.workspaces import Team, add, refresh

from features.artefacts.plan import Plan
from features.rankings import stale_targets
from features.reading import ReadOptions
from features.record import record, unrecorded
from features.registry import Kind, Ledger
from models.tasks import Task


def _lines(team: Team) -> list[dict[str, Any]]:
    return Ledger(team.workspace.ledgers / "transfers.jsonl").read()


def test_a_report_is_said_back_listed_and_makes_its_scorer_stale(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    refresh(team.workspace, "t1", "source_popularity")
    assert "No feedback yet" in cli("list", "feedback", *where).out
    said = cli("feedback", "t2", "s1", "0.85", "--baseline", "0.8", "--seed", "1", *where)
    assert said.code == 0
    assert "Recorded: 't2' after 's1', seed 1" in said.out
    assert "accuracy 0.8500, 0.8000 without: +0.0500" in said.out
    assert "the target had no ranking by logme" in said.out
    assert "Stale by source_popularity: t1" in said.out
    assert "Next: springboard refresh --scorer source_popularity" in said.out
    assert stale_targets(Plan(team.workspace), "source_popularity")[0] == "t1"
    second = cli("feedback", "t2", "s1", "0.75", "--baseline", "0.8", "--seed", "2", *where)
    assert "mean gain over 2 runs: +0.0000" in second.out
    again = cli("feedback", "t2", "s1", "0.75", "--baseline", "0.8", "--seed", "2", *where)
    assert "Recorded already" in again.out
    listed = cli("list", "feedback", "--json", *where)
    assert [(one["source"], one["seed"], one["status"]) for one in listed.json] == [
        ("s1", 2, "in force"),
        ("s1", 1, "in force"),
    ]
    table = cli("list", "feedback", *where)
    assert table.code == 0
    assert "0.8500" in table.out


def test_as_json(team: Team, cli: Cli) -> None:
    where = ("--json", "--workspace", team.workspace.root)
    said = cli("feedback", "t1", "s1", "0.85", "--baseline", "0.8", "--note", "one", *where).json
    (line,) = _lines(team)
    assert said == {**line, "status": "new", "mean_gain": pytest.approx(0.05), "seeds": 1, "stale": {}}
    gone = cli("feedback", "t1", "s1", "--withdraw", *where).json
    assert gone == {"withdrawn": [line], "stale": {}}


def test_a_withdrawal_is_said_and_stays_listed(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    cli("feedback", "t1", "s1", "0.85", "--baseline", "0.8", *where)
    said = cli("feedback", "t1", "s1", "--withdraw", "--note", "wrong pair", *where)
    assert said.code == 0
    assert "Withdrawn: 't1' after 's1' (0.8500, 0.8000 without)" in said.out
    shown = cli("list", "feedback", *where).out
    assert "withdrawn" in shown
    assert "wrong pair" in shown
    again = cli("feedback", "t1", "s1", "--withdraw", *where)
    assert again.is_clear_error("is in force", "springboard list feedback")


def test_a_file_is_recorded_whole_or_not_at_all(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    path = team.files / "seen.csv"
    path.write_text("source,target,score,baseline\ns1,t1,0.9,0.8\ns2,t1,nan,0.8\n", encoding="utf-8")
    assert cli("feedback", "--from", path, *where).is_clear_error(
        "row 2", "not finite", "Nothing was recorded"
    )
    assert _lines(team) == []
    path.write_text("source,target,score,baseline\ns1,t1,0.9,0.8\ns2,t1,0.7,0.8\n", encoding="utf-8")
    done = cli("feedback", "--from", path, *where)
    assert "Recorded: 2 of 2 results" in done.out
    once_more = cli("feedback", "--from", path, "--json", *where)
    assert [one["status"] for one in once_more.json["recorded"]] == ["unchanged", "unchanged"]


def test_of_numbers_a_score_may_be_negative(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    path = team.files / "numbers.csv"
    rows = pl.read_csv(team.files / "t1.csv").with_row_index()
    rows.select("text", label=(pl.col("index") / 7)).write_csv(path)
    add(team.workspace, Kind.TARGET, path, read=ReadOptions(task=Task.REGRESSION))
    said = cli("feedback", "numbers", "s1", "-0.1", "--baseline", "-0.2", *where)
    assert "pearson -0.1000, -0.2000 without: +0.1000" in said.out
    assert (_lines(team)[0]["score"], _lines(team)[0]["baseline"]) == (-0.1, -0.2)
    refused = cli("feedback", "t1", "s1", "-0.1", "--baseline", "0.2", *where)
    assert refused.is_clear_error("outside of [0, 1]", "Nothing was recorded")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("t1", "s1", "87.2", "--baseline", "0.8"), ("percentage", "0.872")),
        (("t1", "s1", "0.8", "--baseline", "80%"), ("percentage", "0.8")),
        (("t1", "s1", "nan", "--baseline", "0.8"), ("not finite",)),
        (("t1", "s1", "0.8", "--baseline", "inf"), ("not finite",)),
        (("t1", "none", "0.8", "--baseline", "0.8"), ("'none' is no source", "--baseline B")),
        (("t11", "s1", "0.8", "--baseline", "0.8"), ("'t11'", "Did you mean t1")),
        (("t1", "s11", "0.8", "--baseline", "0.8"), ("'s11'", "Did you mean s1")),
        (("t1", "s1", "0.8"), ("--baseline is missing",)),
        (("t1", "s1"), ("SCORE and --baseline are missing",)),
        ((), ("TARGET and SOURCE and SCORE and --baseline are missing",)),
        (("t1", "--withdraw"), ("SOURCE is missing",)),
        (("t1", "s1", "0.8", "--withdraw"), ("--withdraw does not go with SCORE",)),
        (("t1", "s1", "--withdarw"), ("no option '--withdarw'",)),
        (("t1", "s1", "--withdraw", "--seed", "x"), ("not a whole number",)),
        (("t1", "--from", "x.csv"), ("--from does not go with TARGET",)),
        (("--from", "nowhere.csv"), ("does not exist",)),
        (("t1", "s1", "0.8", "--baseline", "0.8", "--seed", "-1"), ("not a whole number",)),
        (("t1", "s1", "0.8", "--baseline", "0.8", "--metric", "loss"), ("lower is better",)),
        (("\x1b[31mt1", "s1", "0.8", "--baseline", "0.8"), ("no target is registered",)),
    ],
)
def test_what_cannot_be_taken_is_a_clear_error_and_stores_nothing(
    team: Team, cli: Cli, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    said = cli("feedback", *words, "--workspace", team.workspace.root)
    assert said.is_clear_error(*parts), said
    assert "\x1b" not in said.err
    assert not (team.workspace.ledgers / "transfers.jsonl").exists()


def test_a_note_cannot_steer_a_terminal(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    cli("feedback", "t1", "s1", "0.9", "--baseline", "0.8", "--note", "\x1b]0;x\x07[bold]red\nline", *where)
    shown = cli("list", "feedback", *where).out
    assert "\x1b" not in shown
    assert "[bold]red" in shown
    assert cli("list", "feedback", "--json", *where).json[0]["note"] == "\x1b]0;x\x07[bold]red\nline"


def test_what_was_reported_is_in_the_next_release(team: Team, cli: Cli) -> None:
    workspace = team.workspace
    record(workspace, "before")
    assert not unrecorded(workspace)
    cli("feedback", "t1", "s1", "0.9", "--baseline", "0.8", "--workspace", workspace.root)
    # As after `source add`: the next run records it.
    assert unrecorded(workspace)
    assert record(workspace, "after").changed
    kept = subprocess.run(
        ["git", "show", "HEAD:ledgers/transfers.jsonl"],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert kept.stdout == (workspace.ledgers / "transfers.jsonl").read_text(encoding="utf-8")


def test_past_advice_is_held_against_what_was_reported(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root)
    empty = cli("evaluate", "--live", *where)
    assert empty.code == 0
    assert "No results under a ranking yet. Next: springboard feedback" in empty.out
    refresh(team.workspace, "t1", "logme")
    ranked = [row["source"] for row in cli("rank", "t1", "--json", *where).json["ranking"]]
    scores = {name: 0.5 + 0.1 * place for place, name in enumerate(ranked[:2])}
    for name, score in scores.items():
        assert cli("feedback", "t1", name, str(score), "--baseline", "0.4", *where).code == 0
    found = cli("evaluate", "--live", "--json", *where).json
    assert found["regret@1"] == pytest.approx(100 * 0.1 / 0.6)
    assert found["gain"] == pytest.approx(10)
    said = cli("evaluate", "--live", *where).out
    assert "regret@1: 16.67 % over 1 target" in said
    assert "gain of what was advised first: +10.00 points" in said


def test_live_takes_no_tables(team: Team, cli: Cli, tmp_path: Path) -> None:
    said = cli("evaluate", tmp_path / "truth.csv", "--live", "--workspace", team.workspace.root)
    assert said.code == 2
    assert "--live goes by what this workspace's teams reported" in said.err
