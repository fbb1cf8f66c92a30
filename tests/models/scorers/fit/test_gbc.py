from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from support.blobs import blobs

from models.errors import ScoringError, SettingsError
from models.scorers import SCORERS
from models.tasks import Task

GBC = SCORERS["gbc"]


def _score(x: Any, ids: Any, **settings: Any) -> float:
    return GBC.score(x, ids, Task.CLASSIFICATION, **settings)


def _by_definition(z: Any, ids: Any, covariance: str) -> float:
    """With whole covariance matrices, their determinants and inverses."""
    gaussians = []
    for one in np.unique(ids):
        variances = z[ids == one].var(axis=0)
        spread = np.diag(variances) if covariance == "diagonal" else variances.mean() * np.eye(z.shape[1])
        gaussians.append((z[ids == one].mean(axis=0), spread))
    total = 0.0
    for i, (m1, s1) in enumerate(gaussians):
        for j, (m2, s2) in enumerate(gaussians):
            if i != j:
                shared = (s1 + s2) / 2
                apart = (m1 - m2) @ np.linalg.inv(shared) @ (m1 - m2) / 8
                shape = np.linalg.det(shared) / np.sqrt(np.linalg.det(s1) * np.linalg.det(s2))
                total += np.exp(-apart) / np.sqrt(shape)
    return -total


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
@pytest.mark.parametrize(("n", "d", "dims"), [(60, 8, 0), (60, 8, 5), (12, 30, 4)])
def test_it_is_its_definition_after_principal_components(n: int, d: int, dims: int, covariance: str) -> None:
    x, ids = blobs(0, n=n, d=d, c=3, spread=0.5)
    z = PCA(dims, svd_solver="full").fit_transform(x) if dims else x
    expected = _by_definition(z, ids, covariance)
    assert -6 < expected < -1e-6
    assert _score(x, ids, dims=dims, covariance=covariance) == pytest.approx(expected, rel=1e-8)


def test_one_dimension_agrees_with_the_integral() -> None:
    x, ids = blobs(1, n=40, d=1, c=2, spread=1.0)
    grid = np.linspace(x.min() - 20, x.max() + 20, 200_001)
    densities = [
        np.exp(-np.square(grid - x[ids == one].mean()) / (2 * x[ids == one].var()))
        / np.sqrt(2 * np.pi * x[ids == one].var())
        for one in (0, 1)
    ]
    overlap = np.trapezoid(np.sqrt(densities[0] * densities[1]), grid)
    assert _score(x, ids) == pytest.approx(-2 * overlap, rel=1e-6)


def test_classes_alike_give_the_least_and_classes_far_apart_0() -> None:
    x, _ = blobs(2, n=30, d=5, c=3)
    same = np.vstack([x, x, x])
    ids = np.repeat([0, 1, 2], 30)
    assert _score(same, ids) == pytest.approx(-6.0, rel=1e-9)
    assert _score(same + 1e3 * ids[:, None], ids, covariance="diagonal") == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
def test_doubled_rows_leave_it_alone(covariance: str) -> None:
    x, ids = blobs(3, n=60, d=8, c=3, spread=0.5)
    twice = _score(np.vstack([x, x]), np.concatenate([ids, ids]), covariance=covariance)
    assert twice == pytest.approx(_score(x, ids, covariance=covariance), rel=1e-9)


def test_a_class_without_variance_is_named_rather_than_praised() -> None:
    x, ids = blobs(4, n=40, d=6, c=2)
    names = np.array(["plain", "other"], dtype=object)[ids]
    names[0] = "lonely"
    with pytest.raises(ScoringError, match="lonely"):
        _score(x, names)
    equal = x.copy()
    equal[ids == 1] = equal[ids == 1][0]
    with pytest.raises(ScoringError, match="class 1"):
        _score(equal, ids)


@pytest.mark.parametrize("bad", [{"covariance": "round"}, {"dims": -1}])
def test_settings_it_does_not_have_are_refused(bad: dict[str, Any]) -> None:
    x, ids = blobs(4, n=40, d=6, c=2)
    with pytest.raises(SettingsError, match="gbc"):
        _score(x, ids, **bad)
