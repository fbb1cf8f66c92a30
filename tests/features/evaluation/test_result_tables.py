from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.transfer_tables import write_table

from features.evaluation.truth import read_truth
from models.errors import ReadError, UnknownReferenceError, UnreadableError

HEAD = "source,target,seed,score"
GOOD = [("a", "t", 0, 0.5), ("b", "t", 0, 0.6), ("none", "t", 0, 0.4)]


def _read(tmp_path: Path, rows: list[tuple], head: str = HEAD):
    return read_truth(write_table(tmp_path / "truth.csv", head, rows))


def test_results_are_kept_by_target_source_and_seed(tmp_path: Path) -> None:
    found = _read(tmp_path, [*GOOD, ("a", "t", 1, -0.2)])
    assert found.results == {"t": {"a": {0: 0.5, 1: -0.2}, "b": {0: 0.6}}}
    assert found.baselines == {"t": {0: 0.4}}
    assert found.notes == ()


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    found = _read(tmp_path, [("007", "1e3", 0, 0.5)])
    assert found.results == {"1e3": {"007": {0: 0.5}}}


def test_parquet_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "truth.parquet"
    pl.DataFrame(GOOD, schema=HEAD.split(","), orient="row").write_parquet(path)
    assert read_truth(path).results == {"t": {"a": {0: 0.5}, "b": {0: 0.6}}}


def test_other_columns_are_ignored(tmp_path: Path) -> None:
    rows = [("m", *row, "accuracy") for row in GOOD]
    assert _read(tmp_path, rows, f"encoder,{HEAD},metric").results["t"]["a"] == {0: 0.5}


def test_a_dataset_is_no_source_for_itself(tmp_path: Path) -> None:
    found = _read(tmp_path, [*GOOD, ("t", "t", 0, 0.9)])
    assert found.onto_itself == ("t",)
    assert set(found.results["t"]) == {"a", "b"}


def test_groups_are_read(tmp_path: Path) -> None:
    rows = [("a", "t", 0, 0.5, "x"), ("b", "t", 0, 0.6, ""), ("none", "t", 0, 0.6, "y")]
    assert _read(tmp_path, rows, f"{HEAD},group").groups == {"a": "x"}
    with pytest.raises(UnreadableError, match=r"'a' into group 'x' and, in row 2, into 'z'"):
        _read(tmp_path, [rows[0], ("a", "u", 0, 0.5, "z")], f"{HEAD},group")


def test_a_half_written_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    path = write_table(tmp_path / "truth.csv", f"{HEAD},metric", [(*row, "accuracy") for row in GOOD])
    path.write_text(path.read_text() + "c,t,0,0.")
    found = read_truth(path)
    assert set(found.results["t"]) == {"a", "b"}
    assert "half written" in found.notes[0]


def test_a_whole_last_line_without_its_end_counts(tmp_path: Path) -> None:
    path = write_table(tmp_path / "truth.csv", HEAD, GOOD)
    path.write_text(path.read_text() + "c,t,0,0.7")
    assert read_truth(path).results["t"]["c"] == {0: 0.7}


def test_two_experiments_in_one_table_are_told_apart(tmp_path: Path) -> None:
    rows = [("minilm", 100, *GOOD[0]), ("minilm", 400, *GOOD[0])]
    with pytest.raises(UnreadableError) as refused:
        _read(tmp_path, rows, f"encoder,training_rows,{HEAD}")
    assert "they differ in training_rows: give each its own table" in refused.value.next_step


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        (GOOD, "source,goal,seed,score", r"no column target \(it has source, goal, seed and score\)"),
        ([], HEAD, "has no rows"),
        ([("a", "t", 0, 85)], HEAD, r"score of 85 in row 1, outside of -1 to 1.*0\.85, not 85"),
        ([("a", "t", 0, -1.5)], HEAD, "outside of -1 to 1"),
        ([*GOOD, ("c", "t", 0, "nan")], HEAD, "has 'nan' for score in row 4"),
        ([("a", "t", 0, "")], HEAD, "has nothing for score in row 1"),
        ([("a", "t", 0, "high")], HEAD, "has 'high' for score in row 1"),
        ([("a", "t", "first", 0.5)], HEAD, "has 'first' for seed in row 1"),
        ([("a", "t", 0.5, 0.5)], HEAD, "has 0.5 for seed in row 1"),
        ([("a", "", 0, 0.5)], HEAD, "has no target in row 1"),
        ([(" ", "t", 0, 0.5)], HEAD, "has no source in row 1"),
        ([*GOOD, ("b", "t", 0, 0.7)], HEAD, r"2 rows for source 'b', target 't' and seed 0 \(rows 2, 4\)"),
        ([*GOOD, ("none", "t", 0, 0.7)], HEAD, "2 rows for source 'none'"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, rows: list[tuple], head: str, message: str) -> None:
    with pytest.raises(UnreadableError, match=message) as refused:
        _read(tmp_path, rows, head)
    assert "truth.csv" in refused.value.what
    assert refused.value.consequence
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("missing.csv", None, UnknownReferenceError),
        ("empty.csv", b"", UnreadableError),
        ("truth.xlsx", b"PK", UnreadableError),
        ("truth.parquet", b"not parquet", UnreadableError),
        ("ragged.csv", b"source,target,seed,score\na,t,0,0.5,0.7\n", UnreadableError),
        ("binary.csv", b"source,target,seed,score\n\xff\xfe,t,0,0.5\n", UnreadableError),
    ],
)
def test_files_that_are_no_tables(
    tmp_path: Path, name: str, content: bytes | None, kind: type[ReadError]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind, match=name):
        read_truth(path)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UnknownReferenceError, match="is a folder"):
        read_truth(tmp_path)
