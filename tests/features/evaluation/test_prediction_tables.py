from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.transfer_tables import write_table

from features.evaluation.matrix import Matrix, matrix_of
from features.evaluation.predictions import Predictions, read_predictions
from features.evaluation.truth import Truth
from models.errors import UnreadableError

HEAD = "scorer,source,target,score"
GOOD = [("x", "a", "t", 1.0), ("x", "b", "t", 3.0), ("x", "c", "t", 2.0)]


@pytest.fixture
def matrix() -> Matrix:
    runs = {name: {0: 0.5} for name in "abc"}
    return matrix_of(Truth({"t": runs, "u": {name: {0: 0.5} for name in "ab"}}, {}, {}))


def _read(tmp_path: Path, matrix: Matrix, rows: list[tuple], head: str = HEAD) -> Predictions:
    return read_predictions(write_table(tmp_path / "ranks.csv", head, rows), matrix)


def _row(found: Predictions, scorer: str, target: int) -> list[float]:
    row = found.rows[scorer][target]
    assert row is not None
    return row.tolist()


def test_scores_stand_in_the_order_of_candidates(tmp_path: Path, matrix: Matrix) -> None:
    found = _read(tmp_path, matrix, [*GOOD[::-1], ("x", "a", "elsewhere", 1.0)])
    assert _row(found, "x", 0) == [1.0, 3.0, 2.0]
    assert found.rows["x"][1] is None
    assert found.unmatched == 1
    assert found.missing == {"x": 0}


def test_a_source_without_a_score_is_last_and_counted(tmp_path: Path, matrix: Matrix) -> None:
    found = _read(tmp_path, matrix, [GOOD[0], ("x", "b", "t", "")])
    assert _row(found, "x", 0) == [1.0, -np.inf, -np.inf]
    assert found.missing == {"x": 2}


def test_a_distance_of_ours_is_turned_round(tmp_path: Path, matrix: Matrix) -> None:
    found = _read(tmp_path, matrix, [("jsd", "a", "t", 1.0), ("jsd", "b", "t", 3.0), *GOOD])
    assert _row(found, "jsd", 0) == [-1.0, -3.0, -np.inf]
    assert _row(found, "x", 0) == [1.0, 3.0, 2.0]
    assert found.lowest_first == {"jsd"}


def test_the_table_may_say_which_end_is_good(tmp_path: Path, matrix: Matrix) -> None:
    rows = [
        ("x", "a", "t", 1.0, "lower"),
        ("x", "b", "t", 3.0, ""),
        ("jsd", "a", "t", 1.0, "Higher"),
        ("logme", "a", "t", 1.0, ""),
    ]
    found = _read(tmp_path, matrix, rows, f"{HEAD},direction")
    assert found.lowest_first == {"x"}


def test_costs_are_means_over_sources(tmp_path: Path, matrix: Matrix) -> None:
    rows = [
        ("x", "a", "t", 1.0, 1.0, 100),
        ("x", "a", "u", 1.0, 3.0, 100),
        ("x", "b", "t", 1.0, 4.0, ""),
        ("y", "b", "t", 1.0, "", ""),
    ]
    found = _read(tmp_path, matrix, rows, f"{HEAD},seconds,bytes")
    assert found.seconds == {"x": 3.0}
    assert found.bytes == {"x": 100.0}


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        (GOOD, "scorer,source,score,task", "has no column target"),
        ([], HEAD, "has no rows"),
        ([("x", "a", "t", "nan")], HEAD, "has 'nan' for score in row 1"),
        ([("x", "a", "t", "inf")], HEAD, "has 'inf' for score in row 1"),
        ([*GOOD, ("x", "b", "t", 5)], HEAD, "second score by 'x' for source 'b' and target 't' in row 4"),
        ([("x", "d", "t", 1), ("x", "a", "w", 1)], HEAD, "about none of the pairs"),
        ([("x", "a", "t", "")], HEAD, "about none of the pairs"),
        ([("", "a", "t", 1)], HEAD, "has no scorer in row 1"),
        ([(*GOOD[0], "down")], f"{HEAD},direction", "has 'down' for direction in row 1"),
        ([(*GOOD[0], "lower"), (*GOOD[1], "higher")], f"{HEAD},direction", "both ends of 'x'"),
        ([(*GOOD[0], "soon")], f"{HEAD},seconds", "has 'soon' for seconds in row 1"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, matrix: Matrix, rows: list[tuple], head: str, message: str
) -> None:
    with pytest.raises(UnreadableError, match=message) as refused:
        _read(tmp_path, matrix, rows, head)
    assert refused.value.next_step
