"""The definition itself, against a slow maximisation that shares nothing with it."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from models.evidence.profile import LAMBDA_RANGE, Spectrum, max_log_evidence
from models.scorers import logme
from models.tasks import Task


def _slow(x: Any, y: Any) -> float:
    """Largest log evidence by n x n covariances: a dense grid of log lam, then every local maximum refined."""
    n, d = x.shape
    outer = x @ x.T
    middle = np.log(np.trace(outer) / d)
    grid = middle + np.linspace(np.log(LAMBDA_RANGE[0]), np.log(LAMBDA_RANGE[1]), 1500)

    def at(log_lam: Any) -> Any:
        covariance = outer * np.exp(-np.asarray(log_lam))[..., None, None] + np.eye(n)
        stretched = np.broadcast_to(y[:, None], (*covariance.shape[:-1], 1))
        noise = (y @ np.linalg.solve(covariance, stretched))[..., 0] / n
        return -n / 2 * (np.log(2 * np.pi * noise) + 1) - np.linalg.slogdet(covariance)[1] / 2

    values = at(grid)
    padded = np.r_[-np.inf, values, -np.inf]
    found = [values[0], values[-1]]
    for place in np.flatnonzero((values >= padded[:-2]) & (values >= padded[2:])):
        ends = grid[max(place - 1, 0)], grid[min(place + 1, grid.size - 1)]
        options = {"xatol": 1e-10}
        found.append(-minimize_scalar(lambda t: -at(t), bounds=ends, method="bounded", options=options).fun)
    return float(max(found))


def _fast(x: Any, y: Any) -> float:
    return float(max_log_evidence(Spectrum.of_features(x, y[:, None]), *x.shape)[0])


@given(
    st.integers(0, 10_000),
    st.sampled_from([(20, 4), (8, 20), (12, 12), (13, 12), (2, 3), (2, 1)]),
    st.sampled_from([1e-6, 1.0, 1e6]),
    st.sampled_from([0.0, 0.5, 2.0]),
    st.sampled_from([0.0, 1.0, 30.0]),
)
@settings(max_examples=25, deadline=None)
def test_the_maximum_is_the_slow_one(
    seed: int, shape: tuple[int, int], scale: float, decay: float, mean: float
) -> None:
    rng = np.random.default_rng(seed)
    n, d = shape
    x = (rng.normal(size=shape) * np.exp(-decay * np.arange(d)) + mean) * scale
    y = x[:, 0] / scale + rng.choice([0.01, 1.0]) * rng.normal(size=n)
    assert _fast(x, y) / n == pytest.approx(_slow(x, y) / n, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("weak", [0.3, 1.0, 2.0, 4.0, 8.0])
def test_the_highest_of_several_maxima_is_found(weak: float) -> None:
    """Signal along one strong direction and along many tiny ones: a maximum for either."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(40, 21)))[0]
    x = basis * np.r_[1e3, np.full(20, 0.1)]
    y = basis @ np.r_[10.0, np.full(20, weak / 4)] + 0.1 * rng.normal(size=40)
    assert _fast(x, y) / 40 == pytest.approx(_slow(x, y) / 40, rel=1e-7, abs=1e-7)


def test_both_ends_of_the_range_are_reached() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3))
    against = rng.normal(size=30)
    against -= x @ np.linalg.lstsq(x, against)[0]
    for y in (against, x @ np.ones(3)):
        assert _fast(x, y) / 30 == pytest.approx(_slow(x, y) / 30, abs=1e-6)


@pytest.mark.parametrize("share", [1e-5, 5e-6, 1e-6])
def test_a_residual_that_is_nearly_nothing_counts(share: float) -> None:
    """Found by attack: less than 1e-10 of y'y was taken for rounding, and moved scores by a thousandth."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=12)
    x = np.column_stack([1e3 * (y + share * rng.normal(size=12)), rng.normal(size=(12, 2))])
    assert _fast(x, y) / 12 == pytest.approx(_exact(x, y, center=False), abs=1e-6)


def _exact(x: Any, y: Any, center: bool) -> float:
    """Evidence a row at 50 digits, on a fine grid and refined; small arrays only."""
    with mp.workdps(50):
        f, t = mp.matrix(x.tolist()), mp.matrix(y.tolist())
        n, d = f.rows, f.cols
        if center:
            for j in range(d):
                mean = mp.fsum(f[i, j] for i in range(n)) / n
                for i in range(n):
                    f[i, j] -= mean
            mean = mp.fsum(t) / n
            t = t - mp.matrix([mean] * n)
        s, q = mp.eigsy(f.T * f)
        z = q.T * (f.T * t)
        kept = [i for i in range(d) if s[i] > max(s) * mp.mpf(10) ** -35]
        share = [z[i] ** 2 / s[i] for i in kept]
        rest = max(mp.fsum(v * v for v in t) - mp.fsum(share), 0)
        rest = rest if rest > mp.mpf(10) ** -30 else mp.mpf(0)
        rows = n - center
        unit = mp.fsum(s) / d

        def at(log_lam: float) -> Any:
            lam = mp.e**log_lam * unit
            residual = rest + mp.fsum(g * lam / (lam + s[i]) for g, i in zip(share, kept, strict=True))
            volume = mp.fsum(mp.log1p(s[i] / lam) for i in kept)
            return (mp.log(rows / residual) - mp.log(2 * mp.pi) - 1) / 2 - volume / (2 * rows)

        grid = np.linspace(np.log(1e-8), np.log(1e8), 200)
        place = int(np.argmax([float(at(t)) for t in grid]))
        ends = grid[max(place - 1, 0)], grid[min(place + 1, 199)]
        peak = minimize_scalar(
            lambda t: -float(at(t)), bounds=ends, method="bounded", options={"xatol": 1e-9}
        )
        return max(-float(peak.fun), float(at(grid[0])), float(at(grid[-1])))


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize(
    ("mean", "label_in_features"), [(0.0, 0.0), (1e3, 0.0), (1e5, 0.0), (1e7, 0.0), (0.5, 1e-3), (0.5, 1e-6)]
)
def test_features_far_from_round_keep_their_digits(
    mean: float, label_in_features: float, center: bool
) -> None:
    """F'F loses the directions that a large common mean, or a faint label among the features, leaves small."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(14, 5))
    y = np.arange(14) % 2
    if label_in_features:
        x[:, 0] = label_in_features * y
        x[:, 1:] += x[:, :1] * 3 + 1e-4 * rng.normal(size=(14, 4))
    x = x + mean * rng.normal(size=5)
    columns = [(y == k).astype(np.float64) for k in (0, 1)]
    expected = np.mean([_exact(x, column, center) for column in columns])
    assert logme(x, y, Task.CLASSIFICATION, center=center) == pytest.approx(expected, rel=1e-6, abs=1e-6)
