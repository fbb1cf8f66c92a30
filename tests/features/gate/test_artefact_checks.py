from __future__ import annotations

import numpy as np
import pytest

from features.gate import GateSettings, check_embeddings, check_esm, check_moments

S = GateSettings()


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


def rules(report) -> list[str]:
    return [finding.rule for finding in report.findings]


def test_sound_embeddings_pass(matrix, tmp_path) -> None:
    report = check_embeddings(matrix, width=8, rows=50, name="e", settings=S, docs=tmp_path)
    assert report.findings == []
    assert report.docs_page.exists()


def broken(matrix, how):
    if how == "finite":
        matrix[3, 2] = np.nan
    elif how == "width":
        matrix = matrix[:, :7]
    elif how == "rows":
        matrix = matrix[:49]
    elif how == "constant_columns":
        matrix[:, :6] = 1.0
    elif how == "repeated_rows":
        matrix[10:] = matrix[0]
    return matrix


@pytest.mark.parametrize("how", ["finite", "width", "rows", "constant_columns", "repeated_rows"])
def test_each_fault_is_found_by_both(matrix, how, tmp_path) -> None:
    report = check_embeddings(broken(matrix, how), width=8, rows=50, name="e", settings=S, docs=tmp_path)
    assert rules(report) == [how]
    assert report.stopped == (how != "repeated_rows")


def test_no_rows_and_all_equal_rows_stop() -> None:
    assert "rows" in rules(check_embeddings(np.zeros((0, 8)), width=8, name="e", settings=S))
    assert "constant_columns" in rules(check_embeddings(np.ones((9, 8)), width=8, name="e", settings=S))


def test_severity_comes_from_the_settings(matrix) -> None:
    lax = GateSettings(artefacts={"finite": {"severity": "off"}, "width": {"severity": "warning"}})
    matrix[0] = np.inf
    report = check_embeddings(matrix[:, :5], width=8, name="e", settings=lax)
    assert rules(report) == ["width"]
    assert not report.stopped


def moments(folds=2, d=4, packed=False):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(folds, 30, d))
    xx = np.einsum("kni,knj->kij", x, x)
    upper = np.triu_indices(d)
    second = xx[:, upper[0], upper[1]] if packed else xx
    return {
        "layout": np.array([1]),
        "n": np.array([30] * folds),
        "sum_x": x.sum(1),
        "xx": second,
        "yy": second.copy(),
    }


@pytest.mark.parametrize("packed", [False, True])
def test_moments_square_or_packed(packed, tmp_path) -> None:
    arrays = moments(packed=packed)
    assert check_moments(arrays, name="m", settings=S, docs=tmp_path).findings == []
    third = 7 if packed else (2, 2)  # a triangle of 4 holds its diagonal at 0, 4, 7, 9
    arrays["yy"][(1, third) if packed else (1, *third)] = -5.0
    report = check_moments(arrays, name="m", settings=S, docs=tmp_path)
    assert rules(report) == ["diagonals"]
    assert "-5" in report.reasons[0]


def test_moments_of_an_empty_fold_or_with_nan_stop() -> None:
    arrays = moments()
    arrays["n"][0] = 0
    arrays["sum_x"][0, 0] = np.nan
    assert rules(check_moments(arrays, name="m", settings=S)) == ["finite", "counts"]


def test_moments_made_by_the_models_pass() -> None:
    from models.esm import Moments

    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 6))
    made = Moments.from_pairs(x, x + 0.1, np.arange(60) % 3, 3)
    assert check_moments(made.to_arrays(), name="m", settings=S).findings == []


@pytest.mark.parametrize(
    ("heldout", "identity", "found"),
    [(0.1, 0.2, []), (0.2, 0.2, ["better_than_identity"]), (0.3, 0.2, ["better_than_identity"])],
)
def test_a_map_worse_than_nothing_is_a_warning(heldout, identity, found, tmp_path) -> None:
    arrays = {"u": np.ones((4, 2)), "v": np.ones((4, 2)), "b": np.zeros(4)}
    report = check_esm(arrays, heldout, identity, name="esm", settings=S, docs=tmp_path)
    assert rules(report) == found
    assert not report.stopped


def test_a_map_or_an_error_that_is_not_finite_stops() -> None:
    arrays = {"u": np.full((4, 2), np.inf, dtype=np.float16), "b": np.zeros(4)}
    assert check_esm(arrays, 0.1, 0.2, name="esm", settings=S).stopped
    assert check_esm({"b": np.zeros(4)}, float("nan"), 0.2, name="esm", settings=S).stopped
