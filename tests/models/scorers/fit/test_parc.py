from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from models.errors import ScoringError, SettingsError
from models.scorers.fit.parc import SCORER
from models.tasks import Task


def _data(n: int, d: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = np.arange(n) % 3
    return rng.normal(size=(n, d)) + 1.5 * rng.normal(size=(3, d))[ids], ids


def _by_definition(x: Any, label_distance: Any, components: int) -> float:
    """Every pair on its own; scikit-learn's PCA also lets the largest loading point up."""
    if components:
        x = PCA(min(components, x.shape[1], len(x) - 1), svd_solver="full").fit_transform(x)
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    apart = [1 - np.corrcoef(x[i], x[j])[0, 1] for i, j in pairs]
    return float(spearmanr(apart, [label_distance(i, j) for i, j in pairs]).statistic)


@pytest.mark.parametrize("components", [0, 4, 32])
@pytest.mark.parametrize(("n", "d"), [(30, 10), (14, 25)])
def test_classes_are_compared_pair_by_pair(n: int, d: int, components: int) -> None:
    x, ids = _data(n, d)
    one_hot = np.eye(3)[ids]

    def distance(i: int, j: int) -> float:
        # Rounded, so that all pairs within a class tie.
        return float(round(1 - np.corrcoef(one_hot[i], one_hot[j])[0, 1], 9))

    found = SCORER.score(x, ids, Task.CLASSIFICATION, components=components)
    assert found == pytest.approx(_by_definition(x, distance, components), abs=1e-9)


def test_numbers_are_compared_by_their_difference() -> None:
    x, _ = _data(25, 8)
    y = np.random.default_rng(1).normal(size=25)
    expected = _by_definition(x, lambda i, j: abs(y[i] - y[j]), 5)
    assert SCORER.score(x, y, Task.REGRESSION, components=5) == pytest.approx(expected, abs=1e-9)
    assert SCORER.score(x, 3 - 2 * y, Task.REGRESSION, components=5) == pytest.approx(expected, abs=1e-9)


def test_features_that_are_the_classes_score_one_and_noise_near_nothing() -> None:
    ids = np.arange(60) % 3
    assert SCORER.score(np.eye(3)[ids], ids, Task.CLASSIFICATION, components=0) == pytest.approx(1.0)
    noise = np.random.default_rng(0).normal(size=(60, 20))
    assert abs(SCORER.score(noise, ids, Task.CLASSIFICATION)) < 0.1


def test_the_mean_row_has_a_distance_too() -> None:
    x, ids = _data(21, 6)
    x[0] = 0
    x[1:] -= x[1:].mean(axis=0)
    assert np.isfinite(SCORER.score(x, ids, Task.CLASSIFICATION))


def test_what_has_no_ranks_is_refused() -> None:
    x, _ = _data(6, 4)
    with pytest.raises(ScoringError, match="equally far apart in the labels"):
        SCORER.score(x, np.arange(6), Task.CLASSIFICATION)
    with pytest.raises(ScoringError, match="equally far apart in the features"):
        SCORER.score(x[:, :1], [0, 0, 0, 1, 1, 1], Task.CLASSIFICATION)
    with pytest.raises(SettingsError, match="components is -1"):
        SCORER.score(x, [0, 0, 0, 1, 1, 1], Task.CLASSIFICATION, components=-1)
