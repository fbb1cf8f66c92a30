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
    found = read_truth(path)
    assert found.results["t"]["c"] == {0: 0.7}
    # It may have been going to be 0.75.
    assert found.notes == ("the last line of 'truth.csv' has no end, and was taken as it is",)


@pytest.mark.parametrize("end", ["\n", "\n\n", ",,,\n,,,\n"])
def test_empty_lines_at_the_end_are_nothing(tmp_path: Path, end: str) -> None:
    path = write_table(tmp_path / "truth.csv", HEAD, GOOD)
    path.write_text(path.read_text() + end)
    assert set(read_truth(path).results["t"]) == {"a", "b"}


def test_a_last_field_of_several_lines_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f'{HEAD},note\na,t,0,0.5,"one, and\ntwo, ""quoted"""')
    assert read_truth(path).results == {"t": {"a": {0: 0.5}}}


def test_names_are_compared_without_blanks_at_their_ends(tmp_path: Path) -> None:
    found = _read(tmp_path, [(" a", "t ", 0, 0.5), ("b", "t", 0, 0.6)])
    assert found.results == {"t": {"a": {0: 0.5}, "b": {0: 0.6}}}


@pytest.mark.parametrize("none", ["None", "NONE", " none "])
def test_the_baseline_is_known_however_it_is_written(tmp_path: Path, none: str) -> None:
    found = _read(tmp_path, [*GOOD[:2], (none, "t", 0, 0.9)])
    assert found.baselines == {"t": {0: 0.9}}
    assert set(found.results["t"]) == {"a", "b"}


def test_large_seeds_stay_apart(tmp_path: Path) -> None:
    rows = [("a", "t", 2**53, 0.5), ("a", "t", 2**53 + 1, 0.6), ("b", "t", "3.0", 0.7)]
    assert _read(tmp_path, rows).results["t"] == {"a": {2**53: 0.5, 2**53 + 1: 0.6}, "b": {3: 0.7}}


@pytest.mark.parametrize("seed", [2**63, "1e300", "", -0.5])
def test_a_seed_that_is_no_whole_number_is_refused(tmp_path: Path, seed: object) -> None:
    with pytest.raises(UnreadableError, match="for seed in row 1, where a whole number is due"):
        _read(tmp_path, [("a", "t", seed, 0.5)])


def test_seeds_of_parquet_may_be_floats(tmp_path: Path) -> None:
    path = tmp_path / "truth.parquet"
    frame = pl.DataFrame(GOOD, schema=HEAD.split(","), orient="row")
    frame.with_columns(pl.col("seed").cast(pl.Float64)).write_parquet(path)
    assert read_truth(path).baselines == {"t": {0: 0.4}}
    frame.with_columns(seed=pl.lit(0.5)).write_parquet(path)
    with pytest.raises(UnreadableError, match=r"'0\.5' for seed in row 1"):
        read_truth(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="two columns called 'score'"):
        _read(tmp_path, [(*GOOD[0], 0.9)], f"{HEAD},score")
    # A name that only looks as if polars had given it is a name like any other.
    assert _read(tmp_path, [(*GOOD[0], 0.9)], f"{HEAD},rows_duplicated_0").results == {"t": {"a": {0: 0.5}}}


@pytest.mark.parametrize("column", ["source", "target", "seed", "score", "group"])
@pytest.mark.parametrize("value", [["a"], {"x": 1}, b"\xff"])
def test_columns_of_lists_records_or_bytes_are_refused(tmp_path: Path, column: str, value: object) -> None:
    whole = {"source": "a", "target": "t", "seed": 0, "score": 0.5, "group": "g"}
    path = tmp_path / "truth.parquet"
    pl.DataFrame([whole | {column: value}]).write_parquet(path)
    with pytest.raises(UnreadableError, match=f"in column {column}, where single values are due"):
        read_truth(path)


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
        ([("a", "t", 0.5, 0.5)], HEAD, "has '0.5' for seed in row 1"),
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
