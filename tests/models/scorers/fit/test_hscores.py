from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from support.blobs import blobs

from models.scorers import SCORERS
from models.tasks import Task

FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "features_and_labels.json").read_text(encoding="utf-8")
)
HSCORE, SHRUNK = SCORERS["hscore"], SCORERS["hscore_shrunk"]
SHAPES = [(60, 8, 3), (25, 40, 4), (40, 40, 3)]


def _covariances(x: Any, ids: Any) -> tuple[Any, Any]:
    """Of the features, and of the class means put in the rows' places."""
    means = np.array([x[ids == one].mean(axis=0) for one in np.unique(ids)])
    return np.cov(x.T, bias=True), np.cov(means[np.unique(ids, return_inverse=True)[1]].T, bias=True)


@pytest.mark.parametrize(("n", "d", "c"), SHAPES)
def test_hscore_is_the_trace_of_its_definition(n: int, d: int, c: int) -> None:
    x, ids = blobs(3, n=n, d=d, c=c, unequal=True)
    whole, between = _covariances(x, ids)
    expected = np.trace(np.linalg.pinv(whole, rcond=1e-12) @ between)
    assert HSCORE.score(x, ids, Task.CLASSIFICATION) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "d", "c"), SHAPES)
def test_the_shrunk_one_is_the_trace_of_its_definition(n: int, d: int, c: int) -> None:
    x, ids = blobs(4, n=n, d=d, c=c, unequal=True)
    shrunk, intensity = ledoit_wolf(x)
    expected = np.trace(np.linalg.solve(shrunk, (1 - intensity) * _covariances(x, ids)[1]))
    assert SHRUNK.score(x, ids, Task.CLASSIFICATION) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"seed{case['inputs']['seed']}")
def test_both_agree_with_the_libraries(case: dict[str, Any]) -> None:
    x, ids = blobs(**case["inputs"])
    assert x.sum() == pytest.approx(case["features_sum"], abs=1e-6)
    n = len(ids)
    ours = HSCORE.score(x, ids, Task.CLASSIFICATION)
    assert ours == pytest.approx(case["tllib_hscore"], rel=1e-9)
    # They divide one covariance by n and the other by n - 1.
    scaled = SHRUNK.score(x, ids, Task.CLASSIFICATION) * n / (n - 1)
    assert scaled == pytest.approx(case["tllib_regularized_hscore"], rel=1e-9)
    # transformer-ranker keeps class sizes' roots in float32.
    assert scaled == pytest.approx(case["transformer_ranker_hscore"], rel=1e-6)


def test_hscore_lies_between_0_and_the_classes_less_one_and_any_invertible_map_leaves_it() -> None:
    rng = np.random.default_rng(0)
    x, ids = blobs(5, n=80, d=6, c=4)
    score = HSCORE.score(x, ids, Task.CLASSIFICATION)
    assert 0 < score < 3
    mapped = x @ rng.normal(size=(6, 6)) * 50 + rng.normal(size=6)
    assert HSCORE.score(mapped, ids, Task.CLASSIFICATION) == pytest.approx(score, rel=1e-8)


def test_with_fewer_rows_than_dimensions_hscore_says_nothing_and_the_shrunk_one_still_does() -> None:
    scores = {}
    for spread in (0.0, 1.0):
        x, ids = blobs(6, n=50, d=120, c=3, spread=spread)
        assert HSCORE.score(x, ids, Task.CLASSIFICATION) == pytest.approx(2.0, rel=1e-9)
        scores[spread] = SHRUNK.score(x, ids, Task.CLASSIFICATION)
    assert scores[1.0] > scores[0.0] + 0.3


def test_doubled_rows_leave_hscore_alone() -> None:
    x, ids = blobs(7, n=50, d=6, c=3)
    twice = HSCORE.score(np.vstack([x, x]), np.concatenate([ids, ids]), Task.CLASSIFICATION)
    assert twice == pytest.approx(HSCORE.score(x, ids, Task.CLASSIFICATION), rel=1e-9)


def test_a_column_that_does_not_vary_and_a_repeated_one_change_nothing_of_hscore() -> None:
    x, ids = blobs(8, n=50, d=6, c=3)
    wider = np.column_stack([x, np.full(50, 3.0), x[:, 0]])
    same = HSCORE.score(wider, ids, Task.CLASSIFICATION)
    assert same == pytest.approx(HSCORE.score(x, ids, Task.CLASSIFICATION), rel=1e-9)
