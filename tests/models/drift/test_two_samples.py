"""The tests of two samples: right on what is known, and wrong no more often than they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from models.drift import centroid_shift, class_test, kernel_test, number_test, total_variation
from models.errors import InputsError


def _normal(seed: int, n: int, d: int = 8, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_the_discrepancy_is_the_papers() -> None:
    x, y = _normal(1, 7), _normal(2, 5, shift=0.5)
    both = np.concatenate([x, y])
    squares = ((both[:, None] - both[None]) ** 2).sum(-1)
    width = np.median(squares[np.triu_indices(12, 1)])
    k = np.exp(-squares / width)
    xx = [k[i, j] for i in range(7) for j in range(7) if i != j]
    yy = [k[i, j] for i in range(7, 12) for j in range(7, 12) if i != j]
    xy = [k[i, j] for i in range(7) for j in range(7, 12)]
    found = kernel_test(x, y, permutations=10)
    assert found.distance == pytest.approx(np.mean(xx) + np.mean(yy) - 2 * np.mean(xy), abs=1e-12)


def test_a_shift_is_found_and_rows_of_one_kind_are_not_told_apart_too_often() -> None:
    assert kernel_test(_normal(1, 60), _normal(2, 40, shift=0.5)).p_value < 0.01
    # A difference of spread alone, which no centroid shows.
    assert kernel_test(_normal(1, 100), 2 * _normal(2, 100)).p_value < 0.01
    p = [kernel_test(_normal(3 * n, 30), _normal(3 * n + 1, 20), permutations=99).p_value for n in range(60)]
    assert sum(value <= 0.05 for value in p) <= 8  # 3 are expected, 9 or more come in 1 of 250
    assert 0.35 < np.mean(p) < 0.65


def test_large_samples_are_cut_and_seeded_and_rows_that_are_all_alike_are_the_same() -> None:
    x, y = _normal(1, 900), _normal(2, 900)
    assert kernel_test(x, y, permutations=20, most_rows=50) == kernel_test(
        x, y, permutations=20, most_rows=50
    )
    alike = kernel_test(np.ones((20, 4)), np.ones((30, 4)), permutations=20)
    assert (alike.p_value, abs(alike.distance) < 1e-9) == (1.0, True)


def test_class_shares() -> None:
    old, new = ["a"] * 50 + ["b"] * 50, ["a"] * 30 + ["b"] * 50 + ["c"] * 20
    assert total_variation(old, new) == pytest.approx(0.2)
    assert total_variation(old, old) == 0.0
    found = class_test(old, new)
    assert found.distance == pytest.approx(0.2)
    assert found.p_value < 0.01
    assert class_test(old, old).p_value == 1.0
    # Where counts are large the chi-squared test says nearly the same.
    old, new = ["a"] * 500 + ["b"] * 500, ["a"] * 300 + ["b"] * 250
    chi = chi2_contingency([[500, 500], [300, 250]]).pvalue
    assert class_test(old, new).p_value == pytest.approx(chi, abs=0.02)
    p = []
    rng = np.random.default_rng(5)
    for seed in range(60):
        labels = rng.choice(["a", "b", "c"], p=[0.7, 0.25, 0.05], size=70).tolist()
        p.append(class_test(labels[:40], labels[40:], permutations=199, seed=seed).p_value)
    assert sum(value <= 0.05 for value in p) <= 8


def test_numbers() -> None:
    rng = np.random.default_rng(1)
    old = rng.normal(size=200)
    assert number_test(old, old).p_value == 1.0
    assert number_test(old, rng.normal(size=150) + 0.6).p_value < 0.001
    assert number_test(old, rng.normal(size=150)).p_value > 0.01
    assert number_test([0.0] * 9, [1.0] * 9).distance == 1.0


def test_the_middle_moves_in_units_of_the_spread() -> None:
    old = _normal(1, 4000, d=16)
    moved = old.copy()
    moved[:, 0] += 4.0  # the spread of 16 standard normal numbers is 4
    assert centroid_shift(old, moved) == pytest.approx(1.0, rel=0.02)
    assert centroid_shift(old, old) == 0.0
    # Rows of one kind are as far apart as the documentation says.
    apart = [centroid_shift(_normal(2 * n, 50), _normal(2 * n + 1, 30)) for n in range(40)]
    assert np.sqrt(np.mean(np.square(apart))) == pytest.approx(np.sqrt(1 / 50 + 1 / 30), rel=0.15)
    assert centroid_shift(np.ones((3, 2)), np.ones((3, 2))) == 0.0
    assert centroid_shift(np.ones((3, 2)), np.zeros((3, 2))) == np.inf


def test_what_cannot_be_compared_is_an_error() -> None:
    for old, new in ((np.ones((1, 3)), np.ones((5, 3))), (np.ones((5, 3)), np.ones((5, 2)))):
        with pytest.raises(InputsError, match="cannot be compared"):
            kernel_test(old, new)
    with pytest.raises(InputsError):
        kernel_test(np.full((5, 3), np.nan), np.ones((5, 3)))
    with pytest.raises(InputsError):
        centroid_shift(np.ones((0, 3)), np.ones((5, 3)))
    with pytest.raises(InputsError):
        class_test([], ["a"])
    with pytest.raises(InputsError):
        number_test([np.nan], [1.0])
