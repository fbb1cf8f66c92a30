from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ArtefactError
from models.esm import ESM, Moments, fit_esm

D = 12


def _source(n: int = 400, noise: float = 0.05, rank: int = 3, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, D)) * np.geomspace(3, 0.1, D) + 2
    shift = rng.normal(size=(D, rank)) @ rng.normal(size=(rank, D)) * 0.3
    y = x + x @ shift + rng.normal(size=D) + noise * rng.normal(size=(n, D))
    return x, y, np.arange(n) % 4


def _ridge(x: Any, y: Any, strength: float) -> tuple[Any, Any]:
    """Ridge around the identity with a free intercept, by stacked least squares: the definition."""
    mean_x, mean_d = x.mean(0), (y - x).mean(0)
    xc, dc = x - mean_x, y - x - mean_d
    lam = strength * np.square(xc).sum() / D
    stacked = np.vstack([xc, np.sqrt(lam) * np.eye(D)])
    w = np.linalg.lstsq(stacked, np.vstack([dc, np.zeros((D, D))]), rcond=None)[0]
    return w, mean_d - mean_x @ w


def _reduced(x: Any, y: Any, strength: float, rank: int) -> tuple[Any, Any]:
    """Its best approximation of a given rank: SVD of the stacked fitted values, not of the map."""
    w, _ = _ridge(x, y, strength)
    mean_x, mean_d = x.mean(0), (y - x).mean(0)
    xc = x - mean_x
    stacked = np.vstack([xc, np.sqrt(strength * np.square(xc).sum() / D) * np.eye(D)])
    p = np.linalg.svd(stacked @ w)[2][:rank].T
    return w @ p @ p.T, mean_d - mean_x @ w @ p @ p.T


@pytest.mark.parametrize("rank", [None, D, D + 5, 1, 3, 7])
def test_the_fit_is_the_one_of_the_definition(rank: int | None) -> None:
    x, y, folds = _source()
    esm = fit_esm(Moments.from_pairs(x, y, folds, 4), rank=rank, strengths=[0.01])
    full = rank is None or rank >= D
    w, b = _ridge(x, y, 0.01) if full else _reduced(x, y, 0.01, int(rank or 0))
    np.testing.assert_allclose(esm.apply(x), x + x @ w + b, atol=1e-8)
    assert esm.rank == (D if full else rank)
    assert esm.u.shape == esm.v.shape == (D, esm.rank)


@pytest.mark.parametrize("rank", [None, 2])
def test_heldout_figures_are_those_of_folds_left_out(rank: int | None) -> None:
    x, y, folds = _source(n=203)
    esm = fit_esm(Moments.from_pairs(x, y, folds, 4), rank=rank, strengths=[0.1])
    map_error = identity = spread = 0.0
    for fold in range(4):
        out = folds == fold
        args = (x[~out], y[~out], 0.1)
        w, b = _ridge(*args) if rank is None else _reduced(*args, rank)
        map_error += np.square(x[out] + x[out] @ w + b - y[out]).sum()
        identity += np.square(x[out] - y[out]).sum()
        spread += np.square(y[out] - y[~out].mean(0)).sum()
    assert esm.heldout_error == pytest.approx(map_error / 203, rel=1e-9)
    assert esm.identity_error == pytest.approx(identity / 203, rel=1e-9)
    assert esm.heldout_r2 == pytest.approx(1 - map_error / spread, rel=1e-9)
    assert esm.better_than_identity


def test_the_strength_is_the_one_that_held_out_folds_like_best() -> None:
    x, y, folds = _source(n=40, noise=2.0)
    moments = Moments.from_pairs(x, y, folds, 4)
    strengths = (1e-4, 1e-2, 1.0, 100.0)
    errors = [fit_esm(moments, rank=None, strengths=[s]).heldout_error for s in strengths]
    chosen = fit_esm(moments, rank=None, strengths=strengths)
    assert chosen.strength == strengths[int(np.argmin(errors))]
    assert chosen.heldout_error == pytest.approx(min(errors))


def test_a_map_of_the_true_rank_beats_the_plain_svd_of_the_full_one() -> None:
    x, y, folds = _source(rank=6)
    moments = Moments.from_pairs(x, y, folds, 4)
    full, small = (fit_esm(moments, rank=rank, strengths=[1e-3]) for rank in (None, 2))
    p, s, qt = np.linalg.svd(full.v @ full.u.T)
    centre = x.mean(0)
    cut = x + (x - centre) @ (p[:, :2] * s[:2]) @ qt[:2] + (y - x).mean(0)
    assert np.square(small.apply(x) - y).sum() < np.square(cut - y).sum()


def test_a_map_no_better_than_the_identity_says_so() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, D))
    y = x + 0.1 * rng.normal(size=(24, D))
    esm = fit_esm(Moments.from_pairs(x, y, np.arange(24) % 4, 4), rank=None, strengths=[1e-6])
    assert not esm.better_than_identity
    assert esm.heldout_error > esm.identity_error > 0


def test_fewer_rows_than_dimensions_are_no_trouble() -> None:
    x, y, _ = _source(n=9)
    esm = fit_esm(Moments.from_pairs(x, y, np.arange(9) % 4, 4), rank=4)
    assert np.isfinite(esm.apply(x)).all()


def test_a_small_spread_on_a_large_mean_keeps_its_digits() -> None:
    x, y, folds = _source()
    near, far = (
        fit_esm(Moments.from_pairs(x + move, y + move, folds, 4), rank=3, strengths=[0.01])
        for move in (0, 1000)
    )
    np.testing.assert_allclose(far.apply(x + 1000), near.apply(x) + 1000, atol=1e-5)


def test_moments_read_from_disk_fit_the_same_map() -> None:
    x, y, folds = _source()
    moments = Moments.from_pairs(x, y, folds, 4)
    direct, read = (fit_esm(m, rank=4) for m in (moments, Moments.from_arrays(moments.to_arrays())))
    assert direct.strength == read.strength
    np.testing.assert_allclose(read.apply(x), direct.apply(x), atol=1e-4)


def test_an_empty_fold_is_passed_over() -> None:
    x, y, _ = _source()
    with_hole = fit_esm(Moments.from_pairs(x, y, np.array([0, 2])[np.arange(400) % 2], 4), rank=3)
    without = fit_esm(Moments.from_pairs(x, y, np.arange(400) % 2, 2), rank=3)
    assert with_hole.heldout_error == pytest.approx(without.heldout_error)


@pytest.mark.parametrize("case", ["one fold", "constant", "nan", "rank", "strength", "no strength"])
def test_what_cannot_be_fitted_is_refused(case: str) -> None:
    x, y, folds = _source(n=20)
    options: dict[str, Any] = {}
    if case == "one fold":
        folds = np.zeros(20, dtype=int)
    if case == "constant":
        x = np.full_like(x, 0.1)
    moments = Moments.from_pairs(x, y, folds, 4)
    if case == "nan":
        moments.xy[1, 0, 0] = np.nan
    options |= {"rank": {"rank": 0}, "strength": {"strengths": [0.0]}, "no strength": {"strengths": []}}.get(
        case, {}
    )
    with pytest.raises(ArtefactError, match="no ESM can be fitted"):
        fit_esm(moments, **options)


def test_inputs_are_left_alone() -> None:
    moments = Moments.from_pairs(*_source(), 4)
    before = moments.to_arrays()
    fit_esm(moments, rank=3)
    after = moments.to_arrays()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_fitting_twice_gives_the_same_bytes() -> None:
    moments = Moments.from_pairs(*_source(), 4)
    a, b = (fit_esm(moments, rank=5).to_arrays() for _ in range(2))
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_an_esm_is_a_thing_of_its_class() -> None:
    assert isinstance(fit_esm(Moments.from_pairs(*_source(), 4)), ESM)
