from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import digamma

from models.errors import ScoringError, SettingsError
from models.scorers.fit import tmi
from models.scorers.fit.tmi import SCORER
from models.tasks import Task


def _data(n: int, d: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(n) % 3)
    return rng.normal(size=(n, d)) + rng.normal(size=(3, d))[ids], ids


def _by_definition(x: Any, ids: Any, k: int) -> float:
    """Row by row, with the neighbours sorted."""
    n, d = x.shape
    total = 0.0
    for label in set(ids.tolist()):
        rows = x[ids == label]
        logs = [math.log(sorted(math.dist(a, b) for b in rows)[k]) for a in rows]
        ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
        entropy = digamma(len(rows)) - digamma(k) + math.log(ball) + d * sum(logs) / len(rows)
        total += len(rows) / n * entropy
    return total


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize(("n", "d"), [(40, 4), (20, 30)])
def test_it_is_the_mean_entropy_of_the_classes(
    n: int, d: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, ids = _data(n, d)
    expected = pytest.approx(_by_definition(x, ids, k), rel=1e-10)
    assert SCORER.score(x, ids, Task.CLASSIFICATION, k=k) == expected
    monkeypatch.setattr(tmi, "BLOCK", 4)
    assert SCORER.score(x, ids, Task.CLASSIFICATION, k=k) == expected


def test_it_finds_the_entropy_of_gaussians() -> None:
    rng = np.random.default_rng(0)
    ids = np.repeat([0, 1], [3000, 1000])
    widths = np.array([1.0, 3.0])[ids]
    x = rng.normal(size=(4000, 2)) * widths[:, None] + 9 * ids[:, None]
    unit = math.log(2 * math.pi * math.e)
    truth = 0.75 * unit + 0.25 * (unit + 2 * math.log(3))
    assert SCORER.score(x, ids, Task.CLASSIFICATION) == pytest.approx(truth, abs=0.06)


def test_scaling_adds_the_log_of_the_scale_for_every_dimension() -> None:
    x, ids = _data(30, 5)
    expected = SCORER.score(x, ids, Task.CLASSIFICATION) + 5 * math.log(7)
    assert SCORER.score(7 * x, ids, Task.CLASSIFICATION) == pytest.approx(expected)


def test_a_repeated_row_counts_once_in_its_class() -> None:
    x, ids = _data(30, 5)
    once = SCORER.score(x, ids, Task.CLASSIFICATION)
    rounded = x * (1 + 1e-15)
    many = SCORER.score(np.concatenate([x, rounded, x, x, x]), np.tile(ids, 5), Task.CLASSIFICATION)
    assert many == pytest.approx(once)


def test_small_classes_take_fewer_neighbours_and_single_rows_are_left_out() -> None:
    x, ids = _data(30, 5)
    pair, lone = np.array([[9.0] * 5, [8.0] * 5]), np.array([[-9.0] * 5])
    kept = SCORER.score(np.concatenate([x, pair]), [*ids, 3, 3], Task.CLASSIFICATION)
    of_pair = digamma(2) - digamma(1) + math.log(8 * math.pi**2 / 15) + 5 * math.log(math.sqrt(5))
    assert kept == pytest.approx((30 * SCORER.score(x, ids, Task.CLASSIFICATION) + 2 * of_pair) / 32)
    with_lone = SCORER.score(np.concatenate([x, pair, lone]), [*ids, 3, 3, 4], Task.CLASSIFICATION)
    assert with_lone == pytest.approx(kept)


def test_classes_of_one_row_are_refused() -> None:
    with pytest.raises(ScoringError, match="none of the 4 classes has two different rows"):
        SCORER.score(np.eye(4), np.arange(4), Task.CLASSIFICATION)
    with pytest.raises(SettingsError, match="k is 0"):
        SCORER.score(np.eye(4), [0, 0, 1, 1], Task.CLASSIFICATION, k=0)
