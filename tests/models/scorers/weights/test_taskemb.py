from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import ScoringError
from models.scorers import Need, get_scorer
from models.tasks import Task

LABELS = ["a", "b", "a"]


def _score(source: NDArray[np.float64], target: NDArray[np.float64], *, relative: bool = False) -> float:
    given = {Need.SOURCE_FISHER: source, Need.TARGET_FISHER: target}
    return get_scorer("taskemb").score(None, LABELS, Task.CLASSIFICATION, given=given, relative=relative)


def test_it_is_the_cosine() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.random((2, 30))
    expected = sum(a * b for a, b in zip(source, target, strict=True))
    expected /= sum(a * a for a in source) ** 0.5 * sum(b * b for b in target) ** 0.5
    assert _score(source, target) == pytest.approx(expected, rel=1e-12)
    assert _score(source, target) == _score(target, source)
    assert _score(source, source) == pytest.approx(1.0)


def test_how_large_the_gradients_are_does_not_matter() -> None:
    source, target = np.random.default_rng(1).random((2, 30))
    assert _score(1e-9 * source, 7.0 * target) == pytest.approx(_score(source, target), rel=1e-12)


def test_tasks_that_use_other_weights_score_zero() -> None:
    assert _score(np.array([1.0, 0.0, 2.0]), np.array([0.0, 3.0, 0.0])) == 0.0
    assert _score(np.array([1.0, 0.0, 2.0]), np.array([0.0, 3.0, 0.0]), relative=True) == 0.0


def test_relative_is_the_normalised_cosine_of_task2vec() -> None:
    source, target = np.array([4.0, 1.0, 0.0]), np.array([2.0, 3.0, 0.0])
    a, b = np.array([4 / 6, 1 / 4]), np.array([2 / 6, 3 / 4])
    expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert _score(source, target, relative=True) == pytest.approx(expected, rel=1e-12)
    # A layer whose gradients are a million times larger decides the plain cosine and not this one.
    large = np.array([1e6, 1.0, 1.0])
    ones, other = np.array([1.0, 1.0, 5.0]), np.array([1.0, 5.0, 1.0])
    assert _score(large * ones, large * other) == pytest.approx(1.0, abs=1e-6)
    assert _score(large * ones, large * other, relative=True) == pytest.approx(
        _score(ones, other, relative=True), rel=1e-12
    )
    assert _score(ones, other, relative=True) < 0.8


def test_zero_and_other_lengths_are_refused() -> None:
    with pytest.raises(ScoringError, match="zero"):
        _score(np.zeros(3), np.ones(3))
    with pytest.raises(ScoringError, match=r"\(3,\) and target \(4,\)"):
        _score(np.ones(3), np.ones(4))
