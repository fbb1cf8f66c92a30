from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf

from models.errors import ScoringError, SettingsError
from models.scorers.fit.etran_classification import SCORER
from models.tasks import Task


def _data(n: int, d: int, c: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = np.concatenate([np.arange(c), rng.integers(0, c, size=n - c)])
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 0.8 * rng.normal(size=(c, d))[ids] + 3, ids


def _parts(x: Any, ids: Any) -> tuple[Any, Any, Any]:
    means = np.array([x[ids == k].mean(axis=0) for k in range(ids.max() + 1)])
    return means, x - means[ids], np.bincount(ids) / len(ids)


def _by_bayes(x: Any, ids: Any, covariance: Any) -> Any:
    """Log posterior of the right class, density by density."""
    means, _, shares = _parts(x, ids)
    logs = np.array(
        [
            [
                np.log(s) + multivariate_normal.logpdf(row, m, covariance)
                for m, s in zip(means, shares, strict=True)
            ]
            for row in x
        ]
    )
    return logs[np.arange(len(x)), ids] - np.log(np.exp(logs - logs.max(1)[:, None]).sum(1)) - logs.max(1)


def _by_discriminants(x: Any, ids: Any, covariance: Any) -> Any:
    """The same after projecting on the c - 1 discriminant directions, where the covariance is the identity."""
    means, _, shares = _parts(x, ids)
    spread = means - shares @ means
    between = (spread.T * shares) @ spread
    axes = eigh(between, covariance)[1][:, ::-1][:, : len(means) - 1]
    return _by_bayes(x @ axes, ids, np.eye(axes.shape[1]))


@pytest.mark.parametrize("by", [_by_bayes, _by_discriminants])
@pytest.mark.parametrize(("n", "d", "shrinkage"), [(50, 4, 0.0), (50, 4, 0.3), (15, 20, 0.3), (15, 20, 1.0)])
def test_it_is_the_posterior_of_the_right_class(by: Any, n: int, d: int, shrinkage: float) -> None:
    x, ids = _data(n, d)
    within = np.cov(_parts(x, ids)[1].T, bias=True)
    covariance = (1 - shrinkage) * within + shrinkage * np.trace(within) / d * np.eye(d)
    logs = by(x, ids, covariance)
    found = SCORER.score(x, ids, Task.CLASSIFICATION, shrinkage=shrinkage)
    assert found == pytest.approx(logs.mean(), rel=1e-7)
    found = SCORER.score(x, ids, Task.CLASSIFICATION, shrinkage=shrinkage, log=False)
    assert found == pytest.approx(np.exp(logs).mean(), rel=1e-7)


@pytest.mark.parametrize(("n", "d"), [(50, 4), (15, 20)])
def test_the_default_covariance_is_that_of_ledoit_and_wolf(n: int, d: int) -> None:
    x, ids = _data(n, d)
    covariance = ledoit_wolf(_parts(x, ids)[1], assume_centered=True)[0]
    found = SCORER.score(x, ids, Task.CLASSIFICATION)
    assert found == pytest.approx(_by_bayes(x, ids, covariance).mean(), rel=1e-7)


def test_without_shrinkage_any_invertible_map_of_the_features_changes_nothing() -> None:
    x, ids = _data(50, 4)
    mixed = x @ np.random.default_rng(4).normal(size=(4, 4)) - 7
    found = SCORER.score(mixed, ids, Task.CLASSIFICATION, shrinkage=0.0)
    assert found == pytest.approx(SCORER.score(x, ids, Task.CLASSIFICATION, shrinkage=0.0), rel=1e-8)


def test_noise_scores_near_the_entropy_of_the_labels_and_classes_apart_near_zero() -> None:
    rng = np.random.default_rng(0)
    ids = np.arange(3000) % 3
    noise = rng.normal(size=(3000, 3))
    assert SCORER.score(noise, ids, Task.CLASSIFICATION) == pytest.approx(-np.log(3), abs=0.01)
    assert SCORER.score(noise + 20 * np.eye(3)[ids], ids, Task.CLASSIFICATION) == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_inverted_is_refused() -> None:
    x, ids = _data(15, 20)
    with pytest.raises(ScoringError, match="cannot be inverted"):
        SCORER.score(x, ids, Task.CLASSIFICATION, shrinkage=0.0)
    x, ids = _data(50, 4)
    nearly = x[:, 0] + 2e-7 * np.random.default_rng(1).normal(size=50)
    with pytest.raises(ScoringError, match="cannot be inverted"):
        SCORER.score(np.column_stack([x, nearly]), ids, Task.CLASSIFICATION, shrinkage=0.0)
    with pytest.raises(ScoringError, match="are alike"):
        SCORER.score(np.eye(4), np.arange(4), Task.CLASSIFICATION)
    with pytest.raises(ScoringError, match="are alike"):
        SCORER.score(np.tile(np.eye(4) / 3 + 0.1, (3, 1)), np.tile(np.arange(4), 3), Task.CLASSIFICATION)
    with pytest.raises(SettingsError, match="shrinkage is 2"):
        SCORER.score(x, ids, Task.CLASSIFICATION, shrinkage=2)
