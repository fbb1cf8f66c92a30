"""Many reports from a file: all rows or none, and an error names the row."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.feedback import feedback_records, record_feedback, reports_from
from features.feedback.reports import Checked
from features.registry import Ledger
from models.errors import ArtefactError, ReadError

HEADER = "source,target,score,baseline,seed,metric,note\n"


def _read(team: Team, content: str | bytes, name: str = "reports.csv") -> list[Checked]:
    path = team.files / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return reports_from(Plan(team.workspace), path)


def test_every_row_is_recorded_in_its_order(team: Team) -> None:
    checked = _read(
        team,
        "note,seed,baseline,score,target,source,metric\r\n"
        '"first, of\ntwo",1,0.8,0.9,t1,s1,\r\n'
        ",2,0.8,0.7, t1 ,s1,Macro F1\r\n"
        ",,0.25,0.5,t2,s3,\r\n",
    )
    done = record_feedback(Plan(team.workspace), checked)
    lines = Ledger(team.workspace.ledgers / "transfers.jsonl").read()
    names = ("source", "target", "score", "baseline", "seed", "metric", "note")
    assert [[line[name] for name in names] for line in lines] == [
        ["s1", "t1", 0.9, 0.8, 1, "accuracy", "first, of\ntwo"],
        ["s1", "t1", 0.7, 0.8, 2, "macro_f1", None],
        ["s3", "t2", 0.5, 0.25, None, "accuracy", None],
    ]
    assert [one.status for one in done] == ["new", "new", "new"]
    assert [one.seeds for one in done] == [2, 2, 1]
    assert done[0].gain == pytest.approx(0.0)
    # Typed again, after a crash say, the same file adds what is missing and nothing else.
    again = record_feedback(Plan(team.workspace), checked)
    assert [one.status for one in again] == ["unchanged"] * 3
    assert len(feedback_records(Plan(team.workspace))) == 3


def test_only_four_columns_are_needed_and_a_byte_order_mark_is_none(team: Team) -> None:
    (one,) = _read(team, b"\xef\xbb\xbfsource,target,score,baseline\ns1,t1,0.9,0.8")
    assert (one.offer.name, one.score, one.seed, one.metric) == ("s1", 0.9, None, "accuracy")


@pytest.mark.parametrize("end", ["\n\n", ",,,,,,\n,,,,,,\n"])
def test_empty_lines_at_the_end_are_nothing(team: Team, end: str) -> None:
    assert len(_read(team, f"{HEADER}s1,t1,0.9,0.8,,,\n{end}")) == 1
    with pytest.raises(ReadError, match="has no rows"):
        _read(team, f"{HEADER}{end}")


def test_one_bad_row_keeps_back_all_and_is_named(team: Team) -> None:
    with pytest.raises(ReadError) as caught:
        _read(team, f"{HEADER}s1,t1,0.9,0.8,,,\ns2,t1,87.2,0.8,,,\ns3,t1,0.9,0.8,,,\n")
    assert "row 2: the score '87.2' looks like a percentage" in caught.value.what
    assert "0.872" in caught.value.next_step
    assert caught.value.consequence == "nothing was recorded"
    assert feedback_records(Plan(team.workspace)) == []


def test_several_bad_rows_are_all_named_up_to_a_few(team: Team) -> None:
    rows = ["s9,t1,0.9,0.8,,,", "none,t1,0.9,0.8,,,", "s1,t9,0.9,0.8,,,", "s1,t1,,0.8,,,", "s1,t1,0.9,,,,"]
    rows += ["s1,t1,0.9,0.8,x,,", "s1,t1,0.9,0.8,,loss,"]
    with pytest.raises(ReadError) as caught:
        _read(team, HEADER + "\n".join(rows))
    assert "has 7 rows that cannot be recorded" in caught.value.what
    for number, what in [(1, "no source"), (2, "baseline"), (3, "no target"), (4, "score"), (5, "baseline")]:
        assert f"row {number}: " in caught.value.what
        assert what in caught.value.what.split(f"row {number}: ")[1].split(";")[0]
    assert "and 2 more" in caught.value.what


def test_a_pair_and_seed_twice_is_refused(team: Team) -> None:
    with pytest.raises(ReadError, match=r"second result .* with seed 1 in row 3, after row 1"):
        _read(team, f"{HEADER}s1,t1,0.9,0.8,1,,\ns1,t1,0.9,0.8,2,,\ns1,t1,0.7,0.8,1,,\n")
    with pytest.raises(ReadError, match=r"second result .* without a seed in row 2"):
        _read(team, f"{HEADER}s1,t1,0.9,0.8,,,\ns1,t1,0.9,0.8,,,\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "has no rows"),
        (b"source,target,score\ns1,t1,0.9\n", "no column 'baseline'"),
        (b"source;target;score;baseline\ns1;t1;0.9;0.8\n", "no column"),
        (b"source,target,score,baseline,sede\ns1,t1,0.9,0.8,1\n", "mean nothing here: 'sede'"),
        (b"source,target,score,baseline,seed,seed\ns1,t1,0.9,0.8,1,2\n", "seed"),
        (b"source,target,score,baseline\ns1,t1,0.9,0.8,0.7\n", "cannot be read"),
        ("source,target,score,baseline\nsé,t1,0.9,0.8\n".encode("latin-1"), "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not UTF-8"),
        (b"source,target,score,baseline\n\x1b[31m,t1,0.9,0.8\n", "row 1"),
        (b"source,target,score,baseline\ns1\n", "row 1"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(team: Team, content: bytes, said: str) -> None:
    with pytest.raises(ReadError, match=said) as caught:
        _read(team, content)
    assert caught.value.consequence == "nothing was recorded"
    assert "\x1b" not in str(caught.value)
    assert not (team.workspace.ledgers / "transfers.jsonl").exists()


def test_a_file_that_is_not_there_or_a_folder_is_said(team: Team, tmp_path: Path) -> None:
    for path, said in ((tmp_path / "nowhere.csv", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(ReadError, match=said):
            reports_from(Plan(team.workspace), path)


def test_a_broken_ledger_is_said_before_a_file_is_recorded(team: Team) -> None:
    (team.workspace.ledgers / "transfers.jsonl").write_text("broken\n", encoding="utf-8")
    with pytest.raises(ArtefactError, match="line 1 of"):
        record_feedback(Plan(team.workspace), _read(team, f"{HEADER}s1,t1,0.9,0.8,,,\n"))
