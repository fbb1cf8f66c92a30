from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from support.blobs import blobs

from models.errors import SettingsError
from models.scorers import SCORERS
from models.scorers.fit.nleep import log_expected_prediction
from models.tasks import Task

NLEEP = SCORERS["nleep"]


def _score(x: Any, ids: Any, **settings: Any) -> float:
    return NLEEP.score(x, ids, Task.CLASSIFICATION, **settings)


def _leep_by_loops(posterior: Any, ids: Any) -> tuple[float, float]:
    """With the log, and (as one implementation has it) without."""
    n, v = posterior.shape
    c = int(ids.max()) + 1
    joint = np.zeros((c, v))
    for row in range(n):
        joint[ids[row]] += posterior[row] / n
    given = joint / joint.sum(axis=0)
    likely = [sum(given[ids[row], z] * posterior[row, z] for z in range(v)) for row in range(n)]
    return float(np.mean(np.log(likely))), float(np.mean(likely))


def test_leep_of_soft_assignments_has_the_log() -> None:
    rng = np.random.default_rng(0)
    posterior = rng.dirichlet(np.ones(6), size=40)
    ids = rng.integers(3, size=40)
    with_log, without = _leep_by_loops(posterior, ids)
    found = log_expected_prediction(posterior, np.eye(3)[ids])
    assert found == pytest.approx(with_log, rel=1e-12)
    assert found < 0 < without


@pytest.mark.parametrize("covariance", ["diag", "full"])
def test_it_is_principal_components_a_mixture_and_leep(covariance: str) -> None:
    x, ids = blobs(1, n=300, d=10, c=3, spread=0.7)
    reduced = PCA(0.8, svd_solver="full").fit_transform(x)
    k = reduced.shape[1]
    assert 1 < k < 10
    scaled = reduced / np.sqrt(x.var(axis=0).sum() / k)
    mixture = GaussianMixture(15, covariance_type=covariance, random_state=3).fit(scaled)
    expected, _ = _leep_by_loops(mixture.predict_proba(scaled), ids)
    assert _score(x, ids, covariance=covariance, seed=3) == pytest.approx(expected, abs=1e-6)


def test_told_apart_is_near_0_and_noise_near_the_entropy_of_the_labels() -> None:
    near, ids = blobs(2, n=600, d=8, c=3, spread=8.0)
    assert _score(near, ids) > -0.05
    noise, ids = blobs(2, n=600, d=8, c=3, spread=0.0)
    assert -np.log(3) <= _score(noise, ids) < -0.9


def test_other_seeds_and_row_orders_move_it_little_against_what_sources_differ_by() -> None:
    x, ids = blobs(3, n=400, d=12, c=4, spread=0.6)
    order = np.random.default_rng(0).permutation(400)
    scores = [_score(x, ids, seed=seed) for seed in range(4)] + [_score(x[order], ids[order])]
    better = _score(*blobs(3, n=400, d=12, c=4, spread=1.2))
    assert np.ptp(scores) > 0
    assert np.ptp(scores) < (better - np.mean(scores)) / 2


def test_more_components_than_half_the_rows_are_not_taken() -> None:
    x, ids = blobs(4, n=30, d=5, c=3, spread=0.0)
    assert _score(x, ids, components_per_class=100) == _score(x, ids, components_per_class=5)
    assert _score(x, ids) < -0.1


def test_few_distinct_rows_give_a_number() -> None:
    x, ids = blobs(5, n=6, d=4, c=2)
    assert np.isfinite(_score(np.repeat(x, 20, axis=0), np.repeat(ids, 20)))


@pytest.mark.parametrize("bad", [{"covariance": "round"}, {"components_per_class": 0}, {"variance_kept": 0}])
def test_settings_it_does_not_have_are_refused(bad: dict[str, Any]) -> None:
    x, ids = blobs(5, n=30, d=4, c=2)
    with pytest.raises(SettingsError, match="nleep"):
        _score(x, ids, **bad)
