from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from models.errors import ScoringError
from models.scorers import logme, logme_from_gram, logme_from_kernel
from models.tasks import Task

CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION


def _data(n: int, d: int, c: int = 3, seed: int = 0, signal: float = 1.0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = np.arange(n) % c
    x = rng.normal(size=(n, d))
    x[:, : min(c, d)] += signal * (ids[:, None] == np.arange(min(c, d)))
    return x, ids


def _evidence_by_definition(x: Any, y: Any) -> float:
    """The largest log density of y under N(0, F F' / alpha + I / beta), searched for over both precisions."""
    n, d = x.shape
    outer = x @ x.T * d / np.square(x).sum()

    def negative(point: Any) -> float:
        covariance = np.exp(-point[1]) * (np.exp(-point[0]) * outer + np.eye(n))
        return -float(multivariate_normal.logpdf(y, np.zeros(n), covariance))

    limits = [(np.log(1e-8), np.log(1e8)), (-14, 30)]
    starts = sorted(itertools.product(np.linspace(*limits[0], 13), np.linspace(-6, 24, 11)), key=negative)
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 1000}
    found = [
        minimize(negative, s, method="Nelder-Mead", bounds=limits, options=options).fun for s in starts[:2]
    ]
    return -min(found)


def _evidence_by_scan(x: Any, y: Any) -> float:
    """The same in the eigenbasis of F F', beta solved for, and lam scanned finely: sees every maximum."""
    n, d = x.shape
    k, u = np.linalg.eigh(x @ x.T)
    k = np.maximum(k, 0)
    best = -np.inf
    for lam in np.array_split(np.geomspace(1e-8, 1e8, 40001) * k.sum() / d, 40):
        inflated = 1 + k[:, None] / lam
        noise = (np.square(u.T @ y)[:, None] / inflated).sum(0) / n
        values = -n / 2 * (np.log(2 * np.pi * noise) + 1) - np.log(inflated).sum(0) / 2
        best = max(best, float(values.max()))
    return best


@pytest.mark.parametrize(("n", "d"), [(40, 5), (16, 16), (12, 30)])
def test_classes_agree_with_the_definition(n: int, d: int) -> None:
    x, ids = _data(n, d)
    expected = np.mean([_evidence_by_definition(x, (ids == c).astype(float)) for c in range(3)]) / n
    assert logme(x, ids, CLASSES) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (12, 30)])
def test_numbers_agree_with_the_definition_up_to_the_scale(n: int, d: int) -> None:
    x, _ = _data(n, d)
    y = x[:, 0] * 3 + np.random.default_rng(1).normal(size=n) + 2
    expected = _evidence_by_definition(x, y / y.std()) / n
    assert logme(x, y, NUMBERS) == pytest.approx(expected, rel=1e-8)
    assert logme(x, y, NUMBERS) == pytest.approx(
        _evidence_by_definition(x, y) / n + np.log(y.std()), rel=1e-8
    )


def test_rank_deficient_features_agree_with_the_definition() -> None:
    x, ids = _data(30, 4)
    doubled = np.hstack([x, x, x[:, :1] * 0])
    expected = np.mean([_evidence_by_scan(doubled, (ids == c).astype(float)) for c in range(3)]) / 30
    assert logme(doubled, ids, CLASSES) == pytest.approx(expected, rel=1e-6)


@given(st.integers(0, 10_000), st.sampled_from([(30, 4), (9, 20), (15, 15)]), st.floats(0, 4))
@settings(max_examples=25, deadline=None)
def test_a_fine_scan_finds_no_better(seed: int, shape: tuple[int, int], signal: float) -> None:
    x, ids = _data(*shape, seed=seed, signal=signal)
    scanned = np.mean([_evidence_by_scan(x, (ids == c).astype(float)) for c in range(3)]) / shape[0]
    assert logme(x, ids, CLASSES) == pytest.approx(scanned, abs=1e-6)
    assert logme(x, ids, CLASSES) >= scanned - 1e-10


@pytest.mark.parametrize("shape", [(40, 6), (12, 30)])
def test_centring_is_the_evidence_with_a_free_intercept(shape: tuple[int, int]) -> None:
    x, ids = _data(*shape)
    n = shape[0]
    # Rows turned so that the first is their mean: the rest, n - 1 of them, know nothing of an intercept.
    turn = np.linalg.qr(np.hstack([np.ones((n, 1)), np.eye(n)[:, : n - 1]]))[0][:, 1:]
    parts = [_evidence_by_scan(turn.T @ x, turn.T @ (ids == c)) for c in range(3)]
    assert logme(x, ids, CLASSES, center=True) == pytest.approx(np.mean(parts) / (n - 1), abs=1e-6)


def test_the_global_maximum_is_found_among_several() -> None:
    """A target with a strong part in a strong direction and a weak part in many weak ones has two maxima."""
    rng = np.random.default_rng(0)
    n = 60
    basis = np.linalg.qr(rng.normal(size=(n, 41)))[0]
    x = basis * np.r_[1e4, np.full(40, 1.0)]
    for weak in (0.5, 3.0, 8.0):
        y = basis @ np.r_[3.0, np.full(40, weak / 6)] + 0.3 * rng.normal(size=n)
        assert logme(x, y, NUMBERS) == pytest.approx(_evidence_by_scan(x, y / y.std()) / n, abs=1e-6)


@given(st.integers(0, 1000), st.sampled_from([(20, 4), (10, 16)]))
def test_names_and_orders_do_not_matter(seed: int, shape: tuple[int, int]) -> None:
    x, ids = _data(*shape, seed=seed)
    score = logme(x, ids, CLASSES)
    order = np.random.default_rng(seed).permutation(len(ids))
    names = np.random.default_rng(seed + 1).permutation(["zebra", "0", "7"])
    assert logme(x[order], ids[order], CLASSES) == pytest.approx(score, rel=1e-9)
    assert logme(x, [names[c] for c in ids], CLASSES) == pytest.approx(score, rel=1e-9)
    assert logme(x[:, ::-1], ids * 7, CLASSES) == pytest.approx(score, rel=1e-9)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_rotating_or_scaling_features_does_not_matter(seed: int, factor: float) -> None:
    x, ids = _data(24, 6, seed=seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    assert logme(factor * x @ turn, ids, CLASSES) == pytest.approx(logme(x, ids, CLASSES), rel=1e-8)


@given(st.floats(0.001, 1000))
def test_the_unit_of_a_regression_label_does_not_matter(unit: float) -> None:
    x, _ = _data(30, 6)
    y = x[:, 0] + np.random.default_rng(3).normal(size=30) + 1
    assert logme(x, y * unit, NUMBERS) == pytest.approx(logme(x, y, NUMBERS), rel=1e-8)


@pytest.mark.parametrize("shape", [(40, 6), (12, 30)])
def test_an_intercept_is_a_decision(shape: tuple[int, int]) -> None:
    x, ids = _data(*shape)
    assert abs(logme(x + 5, ids, CLASSES) - logme(x, ids, CLASSES)) > 1e-3
    centred = logme(x, ids, CLASSES, center=True)
    assert logme(x + 5, ids, CLASSES, center=True) == pytest.approx(centred, rel=1e-8)
    y = ids + 0.1 * x[:, 0]
    shifted = logme(x, y + 50, NUMBERS, center=True)
    assert shifted == pytest.approx(logme(x, y, NUMBERS, center=True), rel=1e-8)


@pytest.mark.parametrize("shape", [(40, 6), (12, 30), (20, 20)])
def test_gram_and_kernel_are_one_score(shape: tuple[int, int]) -> None:
    x, ids = _data(*shape)
    y = (ids[:, None] == np.arange(3)).astype(float)
    by_gram = logme_from_gram(x.T @ x, x.T @ y, y.sum(0), len(x))
    by_kernel = logme_from_kernel(x @ x.T, y, x.shape[1])
    assert by_gram == pytest.approx(by_kernel, rel=1e-9)
    assert logme(x, ids, CLASSES) == pytest.approx(by_gram, rel=1e-9)


@pytest.mark.parametrize("shape", [(200, 5), (5, 20)])
def test_a_perfect_fit_is_finite_and_high(shape: tuple[int, int]) -> None:
    x, ids = _data(*shape, c=2)
    x[:, 0], x[:, 1] = ids == 0, ids == 1
    score = logme(x, ids, CLASSES)
    assert np.isfinite(score)
    assert score >= logme(_data(*shape, c=2)[0], ids, CLASSES)
    assert logme(x.astype(np.float32), ids, CLASSES) == pytest.approx(score, abs=0.5)


def test_better_features_score_higher() -> None:
    scores = [logme(*_data(120, 10, signal=signal), CLASSES) for signal in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert scores == sorted(scores)


def test_features_are_not_changed_and_may_be_read_only() -> None:
    x, ids = _data(20, 4)
    before = x.copy()
    x.setflags(write=False)
    logme(x, ids, CLASSES, center=True)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("x", "labels", "task", "said"),
    [
        (np.ones((4, 2)), [0, 1, 0, 1], CLASSES, "same in every row"),
        (np.zeros((4, 2)), [0, 1, 0, 1], CLASSES, "same in every row"),
        (np.eye(4), [1, 1, 1, 1], CLASSES, "same label"),
        (np.eye(4), [2.5] * 4, NUMBERS, "same label"),
        (np.eye(4) * np.nan, [0, 1, 0, 1], CLASSES, "in 4 of 4"),
        (np.eye(4), [0, 1, 0], CLASSES, "3 labels"),
        (np.eye(4), [0, 1, None, 1], CLASSES, "1 of 4 labels"),
        (np.eye(4), [0, 1, np.inf, 1], NUMBERS, "1 of 4 regression labels"),
        (np.ones((1, 3)), [0], CLASSES, "shape"),
        (np.ones(3), [0, 1, 0], CLASSES, "shape"),
        (np.ones((3, 0)), [0, 1, 0], CLASSES, "shape"),
    ],
)
def test_what_cannot_be_scored_is_an_error(x: Any, labels: list[Any], task: Task, said: str) -> None:
    with pytest.raises(ScoringError, match=said):
        logme(x, labels, task)


def test_sums_that_are_empty_or_not_finite_are_errors() -> None:
    with pytest.raises(ScoringError, match="no target is left"):
        logme_from_gram(np.eye(2), np.zeros((2, 1)), np.zeros(1), 3)
    with pytest.raises(ScoringError, match="not finite"):
        logme_from_gram(np.full((2, 2), np.inf), np.ones((2, 1)), np.ones(1), 3)
    with pytest.raises(ScoringError, match="all features"):
        logme_from_gram(np.zeros((2, 2)), np.zeros((2, 1)), np.ones(1), 3)
