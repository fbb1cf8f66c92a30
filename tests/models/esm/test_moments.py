from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ArtefactError
from models.esm import Moments, assign_folds, merge
from models.tasks import Task

NAMES = ("n", "sum_x", "sum_y", "xx", "xy", "yy")


def _pairs(n: int, d: int, seed: int = 0, offset: float = 0.0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + offset
    return x, x + 0.1 * rng.normal(size=(n, d)), rng.integers(0, 3, n)


def _same(a: Moments, b: Moments, tolerance: float = 1e-12) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=tolerance, atol=tolerance)


def test_moments_are_the_sums_they_say() -> None:
    x, y, folds = _pairs(50, 4)
    moments = Moments.from_pairs(x, y, folds, 3)
    for fold in range(3):
        a, b = x[folds == fold], y[folds == fold]
        assert moments.n[fold] == len(a)
        np.testing.assert_allclose(moments.sum_y[fold], b.sum(0))
        np.testing.assert_allclose(moments.xx[fold], sum(np.outer(row, row) for row in a))
        np.testing.assert_allclose(moments.xy[fold], sum(np.outer(p, q) for p, q in zip(a, b, strict=True)))


@given(st.integers(0, 40), st.integers(0, 5))
def test_streaming_and_merging_are_exact(cut: int, seed: int) -> None:
    x, y, folds = _pairs(40, 3, seed)
    whole = Moments.from_pairs(x, y, folds, 3)
    first = Moments.from_pairs(x[:cut], y[:cut], folds[:cut], 3)
    before = first.xx.copy()
    _same(first.add(x[cut:], y[cut:], folds[cut:]), whole)
    np.testing.assert_array_equal(first.xx, before)
    _same(merge(first, Moments.from_pairs(x[cut:], y[cut:], folds[cut:], 3)), whole)


def test_many_rows_go_through_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, folds = _pairs(100, 3)
    whole = Moments.from_pairs(x, y, folds, 3)
    monkeypatch.setattr("models.esm.moments._CHUNK", 7)
    _same(Moments.from_pairs(x, y, folds, 3), whole)


def test_total_is_a_fold_and_the_others() -> None:
    moments = Moments.from_pairs(*_pairs(60, 4), 3)
    for fold in range(3):
        _same(merge(moments.without(fold), moments.fold(fold)), moments.total())


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_the_disk_layout_keeps_six_digits_of_the_spread(offset: float) -> None:
    x, y, folds = _pairs(300, 8, offset=offset)
    moments = Moments.from_pairs(x.astype(np.float32), y.astype(np.float32), folds, 3)
    back = Moments.from_arrays(moments.to_arrays())
    _same(back, moments, 1e-6)
    centred = [m.xx[0] - np.outer(m.sum_x[0], m.sum_x[0]) / m.n[0] for m in (moments, back)]
    assert np.abs(centred[0] - centred[1]).max() < 1e-6 * np.abs(centred[0]).max()


def test_the_disk_layout_is_small_at_the_usual_width() -> None:
    arrays = Moments.empty(384, 4).to_arrays()
    assert sum(array.nbytes for array in arrays.values()) < 5e6


def test_an_empty_fold_survives_the_disk() -> None:
    x, y, _ = _pairs(10, 3)
    moments = Moments.from_pairs(x, y, np.zeros(10, dtype=int), 2)
    _same(Moments.from_arrays(moments.to_arrays()), moments, 1e-6)


def _broken(change: str) -> dict[str, Any]:
    arrays = Moments.from_pairs(*_pairs(20, 3), 3).to_arrays()
    if change == "missing":
        del arrays["xy"]
    elif change == "layout":
        arrays["layout"] = np.array([99])
    elif change == "shape":
        arrays["xx"] = arrays["xx"][:, :-1]
    elif change == "nan":
        arrays["yy"][0, 0] = np.nan
    elif change == "negative":
        arrays["n"][0] = -1
    elif change == "flat":
        arrays["sum_x"] = arrays["sum_x"].ravel()
    return arrays


@pytest.mark.parametrize("change", ["missing", "layout", "shape", "nan", "negative", "flat"])
def test_broken_files_are_refused(change: str) -> None:
    with pytest.raises(ArtefactError, match="moments cannot be used"):
        Moments.from_arrays(_broken(change))


@pytest.mark.parametrize(
    ("base", "tuned", "folds"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), [0, 1]),
        (np.ones((2, 3)), np.ones((2, 3)), [0]),
        (np.ones((2, 3)), np.ones((2, 3)), [0, 2]),
        (np.ones((2, 3)), np.ones((2, 3)), [0, -1]),
        (np.full((2, 3), np.nan), np.ones((2, 3)), [0, 1]),
        (np.ones(3), np.ones(3), [0, 1, 0]),
    ],
)
def test_pairs_that_do_not_fit_are_refused(base: Any, tuned: Any, folds: list[int]) -> None:
    with pytest.raises(ArtefactError, match="moments cannot be summed"):
        Moments.from_pairs(base, tuned, np.array(folds), 2)


def test_moments_of_two_widths_do_not_merge() -> None:
    with pytest.raises(ArtefactError, match="do not add up"):
        merge(Moments.empty(3, 2), Moments.empty(4, 2))


def test_folds_need_a_row_each() -> None:
    with pytest.raises(ArtefactError, match="3 rows cannot be kept in 4 folds"):
        assign_folds(["a", "b", "a"], Task.CLASSIFICATION, 4, 0)
    folds = assign_folds(["a", "b"] * 10, Task.CLASSIFICATION, 4, 0)
    assert np.bincount(folds).tolist() == [5, 5, 5, 5]
