from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError
from models.scorers.fit.lfc import SCORER
from models.tasks import Task


def _data(n: int, d: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 4, size=n)
    return rng.normal(size=(n, d)) + rng.normal(size=(4, d))[ids] + 0.5, ids


def _by_definition(x: Any, label_kernel: Any) -> float:
    """Pearson's correlation of the entries of both kernels."""
    features = [[float(np.dot(a, b)) for b in x] for a in x]
    return float(np.corrcoef(np.ravel(features), np.ravel(label_kernel))[0, 1])


@pytest.mark.parametrize(("n", "d"), [(40, 6), (15, 30)])
@pytest.mark.parametrize("center", [False, True])
def test_it_is_the_correlation_of_two_kernels(n: int, d: int, center: bool) -> None:
    x, ids = _data(n, d)
    kernel = [[1.0 if a == b else -1.0 for b in ids] for a in ids]
    expected = _by_definition(x - x.mean(axis=0) if center else x, kernel)
    assert SCORER.score(x, ids, Task.CLASSIFICATION, center=center) == pytest.approx(expected, abs=1e-10)


def test_numbers_are_standardised_and_multiplied() -> None:
    x, _ = _data(30, 5)
    y = np.random.default_rng(2).normal(size=30) * 7 + 3
    standard = (y - y.mean()) / y.std()
    expected = _by_definition(x, np.outer(standard, standard))
    assert SCORER.score(x, y, Task.REGRESSION) == pytest.approx(expected, abs=1e-10)
    assert SCORER.score(x, -4 * y + 1, Task.REGRESSION) == pytest.approx(expected, abs=1e-10)


def test_features_whose_kernel_is_that_of_the_labels_score_one() -> None:
    ids = np.arange(30) % 2
    assert SCORER.score(2.0 * ids[:, None] - 1, ids, Task.CLASSIFICATION) == pytest.approx(1.0)
    ids = np.arange(30) % 5
    assert SCORER.score(np.eye(5)[ids], ids, Task.CLASSIFICATION) == pytest.approx(1.0)


def test_doubled_rows_change_nothing() -> None:
    x, ids = _data(20, 6)
    twice = SCORER.score(np.tile(x, (2, 1)), np.tile(ids, 2), Task.CLASSIFICATION)
    assert twice == pytest.approx(SCORER.score(x, ids, Task.CLASSIFICATION), abs=1e-12)


def test_rows_that_all_have_the_same_products_are_refused() -> None:
    with pytest.raises(ScoringError, match="the same for all pairs"):
        SCORER.score([[1.0, 0.0], [1.0, 1e-9]], [0, 1], Task.CLASSIFICATION)
