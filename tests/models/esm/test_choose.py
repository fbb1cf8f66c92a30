"""Strength and rank by held-out error, against the same done row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ArtefactError
from models.esm import ESM, Moments, esm_bytes, fit_esm, fit_with_curve, merge
from models.esm.choose import smallest_rank
from models.esm.esm import balanced_full
from models.esm.size import most_rank
from models.esm.solve import Root, leading_outputs

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def _source(n: int, d: int, rank: int, noise: float, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.geomspace(2, 0.2, d) + 1
    outputs = np.linalg.qr(rng.normal(size=(d, rank)))[0] * np.geomspace(1, 0.1, rank)
    y = x + np.tanh(x @ rng.normal(size=(d, rank)) / np.sqrt(d)) @ outputs.T + noise * rng.normal(size=(n, d))
    return x, y, np.arange(n) % 4


def _rows_fit(x: Any, y: Any, strength: float, rank: int | None) -> tuple[Any, Any]:
    """The map of one strength and rank from rows: an SVD of X for the ridge, one of its fit for the rank."""
    mean_x, mean_d = x.mean(0), (y - x).mean(0)
    u, s, qt = np.linalg.svd(x - mean_x, full_matrices=False)
    lam = strength * np.square(s).sum() / x.shape[1]
    w = qt.T @ ((s / (s**2 + lam))[:, None] * (u.T @ (y - x - mean_d)))
    if rank is not None:
        fitted = np.vstack([(x - mean_x) @ w, np.sqrt(lam) * w])
        p = np.linalg.svd(fitted, full_matrices=False)[2][:rank].T
        w = w @ p @ p.T
    return w, mean_d - mean_x @ w


def _rows_error(x: Any, y: Any, folds: Any, strength: float, rank: int | None) -> float:
    error = 0.0
    for fold in range(4):
        out = folds == fold
        w, b = _rows_fit(x[~out], y[~out], strength, rank)
        error += np.square(x[out] + x[out] @ w + b - y[out]).sum()
    return error / len(x)


@pytest.mark.parametrize("rank", [5, None])
@pytest.mark.parametrize(("n", "noise"), [(400, 0.05), (400, 0.6), (120, 0.2)])
def test_wide_embeddings_get_the_strength_and_the_figures_of_the_definition(
    rank: int | None, n: int, noise: float
) -> None:
    x, y, folds = _source(n, 160, 12, noise)
    esm = fit_esm(Moments.from_pairs(x, y, folds, 4), rank=rank, strengths=STRENGTHS)
    errors = [_rows_error(x, y, folds, strength, rank) for strength in STRENGTHS]
    assert esm.strength == STRENGTHS[int(np.argmin(errors))]
    assert esm.heldout_error == pytest.approx(min(errors), rel=1e-9)
    w, b = _rows_fit(x, y, esm.strength, rank)
    np.testing.assert_allclose(esm.apply(x), x + x @ w + b, atol=1e-8)


def test_the_curve_holds_the_heldout_error_of_every_rank() -> None:
    x, y, folds = _source(300, 160, 8, 0.1)
    fit = fit_with_curve(Moments.from_pairs(x, y, folds, 4), rank=7, strengths=STRENGTHS)
    assert fit.curve.shape == (8,)
    for rank in (1, 4, 7):
        assert fit.curve[rank] == pytest.approx(_rows_error(x, y, folds, fit.esm.strength, rank), rel=1e-9)
    shift = sum(np.square((y - x)[folds == f] - (y - x)[folds != f].mean(0)).sum() for f in range(4))
    assert fit.curve[0] == pytest.approx(shift / 300, rel=1e-9)
    assert fit.esm.heldout_error == fit.curve[7]


def test_a_full_map_comes_without_a_curve() -> None:
    x, y, folds = _source(60, 8, 3, 0.1)
    assert fit_with_curve(Moments.from_pairs(x, y, folds, 4), rank=None).curve.size == 0


@pytest.mark.parametrize("d", [12, 160])
@pytest.mark.parametrize("tolerance", [0.0, 0.05, 0.4])
def test_auto_takes_the_smallest_rank_that_keeps_what_it_must(d: int, tolerance: float) -> None:
    x, y, folds = _source(400, d, 10, 0.1)
    moments = Moments.from_pairs(x, y, folds, 4)
    limit = 9
    budget = esm_bytes(d, limit)
    fit = fit_with_curve(moments, rank="auto", max_bytes=budget, tolerance=tolerance, strengths=[1e-2])
    errors = [_rows_error(x, y, folds, 1e-2, rank) for rank in range(limit + 1)]
    allowed = min(errors[1:]) + tolerance * (errors[0] - min(errors[1:]))
    expected = next(rank for rank in range(1, limit + 1) if errors[rank] <= allowed * (1 + 1e-12))
    assert fit.esm.rank == expected
    assert fit.esm.heldout_error == pytest.approx(errors[expected], rel=1e-9)
    assert sum(fit.esm.to_arrays()[name].nbytes for name in "uvb") <= budget


def test_auto_without_a_budget_may_take_any_rank() -> None:
    x, y, folds = _source(400, 10, 10, 0.01)
    moments = Moments.from_pairs(x, y, folds, 4)
    fit = fit_with_curve(moments, rank="auto", tolerance=0.0, strengths=[1e-4])
    full = fit_esm(moments, rank=None, strengths=[1e-4])
    assert fit.curve.size == 11
    assert fit.curve[10] == pytest.approx(full.heldout_error)
    assert fit.esm.heldout_error <= full.heldout_error * (1 + 1e-12)


def test_where_nothing_is_gained_auto_takes_one_direction() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 12))
    y = x + 0.1 * rng.normal(size=(40, 12))
    assert fit_esm(Moments.from_pairs(x, y, np.arange(40) % 4, 4), rank="auto", strengths=[1e-6]).rank == 1


@pytest.mark.parametrize(
    ("errors", "tolerance", "rank"),
    [
        ([10, 5, 3, 2, 2.5], 0.0, 3),
        ([10, 5, 3, 2, 2.5], 0.13, 2),
        ([10, 5, 3, 2, 2.5], 0.5, 1),
        ([1, 5, 3, 2, 2.5], 0.5, 3),
    ],
)
def test_the_rule_for_the_rank(errors: list[float], tolerance: float, rank: int) -> None:
    assert smallest_rank(np.array(errors, dtype=float), tolerance) == rank


@pytest.mark.parametrize(("budget", "rank"), [(16_384, 10), (16_128, 10), (16_127, 9), (10**9, 384)])
def test_a_budget_of_bytes_is_a_rank(budget: int, rank: int) -> None:
    assert most_rank(384, budget) == rank
    assert rank == 384 or esm_bytes(384, rank) <= budget < esm_bytes(384, rank + 1)


def test_a_budget_too_small_for_any_map_is_refused() -> None:
    moments = Moments.from_pairs(*_source(40, 8, 2, 0.1), 4)
    with pytest.raises(ArtefactError, match="no ESM of width 8 fits into 47 bytes; rank 1 takes 48"):
        fit_esm(moments, rank="auto", max_bytes=47)
    assert fit_esm(moments, rank="auto", max_bytes=48).rank == 1


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_a_tolerance_out_of_range_is_refused(tolerance: float) -> None:
    with pytest.raises(ArtefactError, match="tolerance"):
        fit_esm(Moments.from_pairs(*_source(40, 8, 2, 0.1), 4), rank="auto", tolerance=tolerance)


@pytest.mark.parametrize("rank", [4, None, "auto"])
def test_two_halves_give_the_map_of_the_whole(rank: Any) -> None:
    x, y, folds = _source(301, 160, 6, 0.1)
    whole = Moments.from_pairs(x, y, folds, 4)
    halves = merge(
        *(Moments.from_pairs(x[part], y[part], folds[part], 4) for part in (slice(150), slice(150, None)))
    )
    one, two = (
        fit_esm(moments, rank=rank, strengths=STRENGTHS, max_bytes=6_000) for moments in (whole, halves)
    )
    assert (one.rank, one.strength) == (two.rank, two.strength)
    assert two.heldout_error == pytest.approx(one.heldout_error, rel=1e-10)
    np.testing.assert_allclose(two.apply(x), one.apply(x), atol=1e-9)


def test_a_first_fold_unlike_the_others_does_not_decide_the_strength() -> None:
    """It is measured at every strength and the others only near the best, so it could mislead."""
    x, y, folds = _source(400, 160, 12, 0.05)
    y = x + np.where(folds == 0, -0.1, 1.0)[:, None] * (y - x)  # the others' maps lead the first fold astray
    moments = Moments.from_pairs(x, y, folds, 4)
    errors = [_rows_error(x, y, folds, strength, 4) for strength in STRENGTHS]
    out = folds == 0
    first = []
    for strength in STRENGTHS:
        w, b = _rows_fit(x[~out], y[~out], strength, 4)
        first.append(np.square(x[out] + x[out] @ w + b - y[out]).sum())
    assert int(np.argmin(first)) != int(np.argmin(errors))
    assert fit_esm(moments, rank=4, strengths=STRENGTHS).strength == STRENGTHS[int(np.argmin(errors))]


@pytest.mark.parametrize("size", [1, 95, 96, 97, 200])
@pytest.mark.parametrize("columns", [7, 64, 65])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_root_solves_the_equations(size: int, columns: int, kind: Any) -> None:
    rng = np.random.default_rng(size)
    rows = rng.normal(size=(size + 20, size)).astype(kind)
    gram, right = rows.T @ rows, rng.normal(size=(size, columns)).astype(kind)
    kept = gram.copy(), right.copy()
    root = Root.of(gram, 0.5)
    solved = root.back(root.half(right))
    tolerance = 1e-9 if kind is np.float64 else 1e-3
    expected = np.linalg.solve(gram.astype(float) + 0.5 * np.eye(size), right)
    np.testing.assert_allclose(solved, expected, atol=tolerance)
    half = root.half(right).astype(float)
    np.testing.assert_allclose(half.T @ half, right.T @ expected, atol=10 * tolerance)
    assert solved.dtype == kind
    assert (gram == kept[0]).all()
    assert (right == kept[1]).all()


def test_a_root_of_what_cholesky_refuses() -> None:
    rng = np.random.default_rng(0)
    few = rng.normal(size=(5, 60))
    gram = few.T @ few - 1e-13 * np.eye(60)
    root = Root.of(gram, 1e-14)
    right = few.T @ rng.normal(size=(5, 3))
    assert not root.triangular
    solved = root.back(root.half(right))
    np.testing.assert_allclose(few @ solved, few @ np.linalg.lstsq(few.T @ few, right)[0], atol=1e-6)


@pytest.mark.parametrize("size", [20, 150])
def test_the_leading_outputs_are_the_right_singular_vectors(size: int) -> None:
    half = np.random.default_rng(1).normal(size=(size, size))
    p = leading_outputs(half, 6)
    _, s, vt = np.linalg.svd(half)
    np.testing.assert_allclose(np.abs(np.sum(p * vt[:6].T, axis=0)), 1, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(half @ p, axis=0), s[:6])


def test_embeddings_that_did_not_move_give_the_identity() -> None:
    x, _, folds = _source(300, 160, 3, 0.1)
    esm = fit_esm(Moments.from_pairs(x, x, folds, 4), rank=4)
    np.testing.assert_allclose(esm.apply(x), x, atol=1e-9)
    assert not esm.better_than_identity


def test_directions_of_hardly_any_variance_on_a_large_mean_keep_their_digits() -> None:
    """Spreads from 1 to 1e-4 (eigenvalues over eight decades) about a mean of 10."""
    rng = np.random.default_rng(2)
    d = 40
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    x = (rng.normal(size=(500, d)) * np.geomspace(1, 1e-4, d)) @ turn
    y = x + x @ rng.normal(size=(d, d)) * 0.1 + 1e-4 * rng.normal(size=(500, d))
    folds = np.arange(500) % 4
    for rank in (6, None):
        esm = fit_esm(Moments.from_pairs(x + 10, y + 10, folds, 4), rank=rank, strengths=[1e-7])
        w, b = _rows_fit(x, y, 1e-7, rank)
        np.testing.assert_allclose(esm.apply(x + 10), x + 10 + x @ w + b, atol=1e-6)
        assert esm.heldout_error == pytest.approx(_rows_error(x, y, folds, 1e-7, rank), rel=1e-4)


def test_a_full_factorisation_is_the_map_with_columns_of_equal_norm() -> None:
    w = np.random.default_rng(0).normal(size=(6, 6))
    w[2] = 0
    u, v = balanced_full(w)
    np.testing.assert_allclose(v @ u.T, w, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(u, axis=0), np.linalg.norm(v, axis=0))


def test_a_full_map_keeps_three_digits_in_half_precision() -> None:
    x, y, folds = _source(300, 30, 12, 0.05)
    esm = fit_esm(Moments.from_pairs(x, y, folds, 4), rank=None)
    moved = np.linalg.norm(esm.apply(x) - x)
    assert np.linalg.norm(ESM.from_arrays(esm.to_arrays()).apply(x) - esm.apply(x)) < 2e-3 * moved
