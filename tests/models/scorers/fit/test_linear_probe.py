from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import RidgeCV
from support.blobs import blobs

from models.errors import ScoringError, SettingsError
from models.labels import stratified_groups
from models.scorers import SCORERS
from models.tasks import Task

PROBE = SCORERS["linear_probe"]
CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION


def _numbers(n: int, d: int, noise: float = 0.5) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d)) + 3
    return x, x @ rng.normal(size=d) / np.sqrt(d) + noise * rng.normal(size=n) - 40


def _softmax_regression(x: Any, ids: Any, strength: float) -> tuple[Any, Any]:
    """Weights and biases that minimise the summed cross-entropy plus strength |W|^2 / 2."""
    c, d = int(ids.max()) + 1, x.shape[1]

    def loss(flat: Any) -> tuple[float, Any]:
        w, b = flat[: c * d].reshape(d, c), flat[c * d :]
        logs = log_softmax(x @ w + b, axis=1)
        off = np.exp(logs) - np.eye(c)[ids]
        slope = np.concatenate([(x.T @ off + strength * w).reshape(-1), off.sum(axis=0)])
        return -logs[np.arange(len(x)), ids].sum() + strength * np.square(w).sum() / 2, slope

    options = {"maxiter": 5000, "gtol": 1e-9, "ftol": 1e-15}
    found = minimize(loss, np.zeros(c * d + c), jac=True, method="L-BFGS-B", options=options).x
    return found[: c * d].reshape(d, c), found[c * d :]


@pytest.mark.parametrize("c", [3, 4])
def test_classes_are_scored_by_held_out_likelihood(c: int) -> None:
    x, ids = blobs(0, n=90, d=5, c=c, spread=0.6)
    appearance = {one: place for place, one in enumerate(dict.fromkeys(ids.tolist()))}
    parts = stratified_groups([appearance[one] for one in ids.tolist()], CLASSES, 5, 0)
    logs = np.empty(90)
    for part in range(5):
        train = parts != part
        centred = x - x[train].mean(axis=0)
        scaled = centred / np.sqrt(np.square(centred[train]).mean())
        w, b = _softmax_regression(scaled[train], ids[train], 1.0)
        rows = np.flatnonzero(~train)
        logs[rows] = log_softmax(scaled[rows] @ w + b, axis=1)[np.arange(len(rows)), ids[rows]]
    assert PROBE.score(x, ids, CLASSES) == pytest.approx(logs.mean(), abs=2e-3)


@pytest.mark.parametrize(("n", "d"), [(60, 5), (40, 70)])
def test_numbers_are_scored_by_ridge_regression_with_its_own_strength(n: int, d: int) -> None:
    x, y = _numbers(n, d)
    parts = stratified_groups(y, NUMBERS, 5, 0)
    errors = np.empty(n)
    for part in range(5):
        train = parts != part
        centred = x - x[train].mean(axis=0)
        scaled = centred / np.sqrt(np.square(centred[train]).mean())
        ridge = RidgeCV(alphas=train.sum() * np.geomspace(1e-3, 1e3, 13)).fit(scaled[train], y[train])
        errors[~train] = y[~train] - ridge.predict(scaled[~train])
    expected = 1 - np.square(errors).mean() / y.var()
    assert PROBE.score(x, y, NUMBERS) == pytest.approx(expected, rel=1e-7)


def test_signal_is_told_from_noise_and_noise_is_near_chance() -> None:
    good, ids = blobs(1, n=150, d=10, c=3, spread=2.0)
    assert PROBE.score(good, ids, CLASSES) > -0.2
    noise, ids = blobs(1, n=150, d=10, c=3, spread=0.0)
    assert PROBE.score(noise, ids, CLASSES) < -1.05
    x, y = _numbers(200, 6, noise=0.1)
    assert PROBE.score(x, y, NUMBERS) > 0.95
    assert PROBE.score(np.random.default_rng(1).normal(size=(200, 6)), y, NUMBERS) < 0.05


def test_likelihood_tells_apart_what_accuracy_does_not() -> None:
    x, ids = blobs(2, n=100, d=6, c=2, spread=3.0)
    sharper = x + 3 * (np.array([x[ids == one].mean(axis=0) for one in (0, 1)]) - x.mean(axis=0))[ids]
    assert PROBE.score(x, ids, CLASSES) < PROBE.score(sharper, ids, CLASSES) < 0


def test_the_spread_over_seeds_is_small_against_what_sources_differ_by() -> None:
    scores = [PROBE.score(*blobs(3, n=200, d=8, c=3, spread=0.6), CLASSES, seed=seed) for seed in range(4)]
    better = PROBE.score(*blobs(3, n=200, d=8, c=3, spread=1.2), CLASSES)
    assert 0 < np.ptp(scores) < (better - np.mean(scores)) / 4


def test_far_away_rows_are_unlikely_and_not_impossible() -> None:
    x, ids = blobs(4, n=60, d=4, c=2, spread=4.0)
    ids = ids.copy()
    ids[0] = 1 - ids[0]
    x = x.copy()
    x[0] *= 1e4
    assert np.isfinite(PROBE.score(x, ids, CLASSES))


def test_a_row_alone_in_its_class_trains_and_is_not_judged() -> None:
    x, ids = blobs(5, n=60, d=4, c=2, spread=1.0)
    lonely = ids.copy()
    lonely[7] = 2
    assert np.isfinite(PROBE.score(x, lonely, CLASSES))
    with pytest.raises(ScoringError, match="single row"):
        PROBE.score(x, np.arange(60), CLASSES)


def test_two_rows_with_numbers_are_an_error_and_three_are_not() -> None:
    x, y = _numbers(3, 4)
    with pytest.raises(ScoringError, match="2 rows"):
        PROBE.score(x[:2], y[:2], NUMBERS)
    assert np.isfinite(PROBE.score(x, y, NUMBERS))


@pytest.mark.parametrize("bad", [{"folds": 1}, {"strength": 0.0}])
def test_settings_it_does_not_have_are_refused(bad: dict[str, Any]) -> None:
    x, ids = blobs(5, n=60, d=4, c=2)
    with pytest.raises(SettingsError, match="linear_probe"):
        PROBE.score(x, ids, CLASSES, **bad)
