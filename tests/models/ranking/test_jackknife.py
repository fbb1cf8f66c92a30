from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError
from models.ranking import jackknife_groups, jackknife_stderr, logme_jackknife, paired_stderr
from models.scorers import logme
from models.tasks import Task


def _data(n: int, d: int, task: Task) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    ids = np.arange(n) % 3
    x = rng.normal(size=(n, d)) + 2 + ids[:, None] * np.eye(d)[0]
    return x, (ids + rng.normal(size=n) if task.is_regression else ids)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("shape", [(60, 5), (20, 40), (42, 40)])
def test_replicates_are_scores_without_the_group(shape: tuple[int, int], center: bool) -> None:
    x, ids = _data(*shape, Task.CLASSIFICATION)
    groups = jackknife_groups(ids, Task.CLASSIFICATION, 5, 0)
    score, replicates = logme_jackknife(x, ids, Task.CLASSIFICATION, groups, center=center)
    assert score == pytest.approx(logme(x, ids, Task.CLASSIFICATION, center=center), rel=1e-9)
    slow = [logme(x[groups != g], ids[groups != g], Task.CLASSIFICATION, center=center) for g in range(5)]
    np.testing.assert_allclose(replicates, slow, rtol=1e-7)
    assert np.ptp(replicates) > 1e-4


@pytest.mark.parametrize("shape", [(60, 5), (20, 40)])
def test_replicates_of_numbers_keep_the_scale_of_all_rows(shape: tuple[int, int]) -> None:
    x, y = _data(*shape, Task.REGRESSION)
    groups = jackknife_groups(y, Task.REGRESSION, 4, 0)
    score, replicates = logme_jackknife(x, y, Task.REGRESSION, groups)
    assert score == pytest.approx(logme(x, y, Task.REGRESSION), rel=1e-9)
    for g in range(4):
        part = y[groups != g]
        rescaled = logme(x[groups != g], part, Task.REGRESSION) - np.log(part.std() / y.std())
        assert replicates[g] == pytest.approx(rescaled, rel=1e-7)


def test_a_class_that_a_group_held_all_of_leaves_the_average() -> None:
    x, ids = _data(30, 4, Task.CLASSIFICATION)
    ids[0] = 9
    groups = np.arange(30) % 3
    _, replicates = logme_jackknife(x, ids, Task.CLASSIFICATION, groups)
    expected = logme(x[groups != 0], ids[groups != 0], Task.CLASSIFICATION)
    assert replicates[0] == pytest.approx(expected, rel=1e-9)


def test_the_standard_error_is_near_the_true_spread() -> None:
    """Scores of fresh samples spread about as much as the jackknife of one sample says."""
    rng = np.random.default_rng(1)
    scores, errors = [], []
    for _ in range(40):
        ids = rng.integers(0, 2, 120)
        x = rng.normal(size=(120, 4)) + ids[:, None] * [1.0, 0, 0, 0]
        groups = jackknife_groups(ids, Task.CLASSIFICATION, 10, 0)
        score, replicates = logme_jackknife(x, ids, Task.CLASSIFICATION, groups, center=True)
        scores.append(score)
        errors.append(jackknife_stderr(replicates))
    assert 0.7 < np.mean(errors) / np.std(scores) < 1.5


def test_the_formula_for_a_mean_is_the_usual_standard_error() -> None:
    values = np.random.default_rng(2).normal(size=12)
    left_out = (values.sum() - values) / 11
    assert jackknife_stderr(left_out) == pytest.approx(values.std(ddof=1) / np.sqrt(12))


def test_what_two_sources_share_cancels_in_their_difference() -> None:
    shared = np.random.default_rng(3).normal(size=10)
    assert paired_stderr(shared + 1, shared) == pytest.approx(0, abs=1e-12)
    assert jackknife_stderr(shared) > 1


@pytest.mark.parametrize("replicates", [[1.0], [], [1.0, np.nan], [[1.0, 2.0]]])
def test_replicates_that_say_nothing_are_refused(replicates: Any) -> None:
    with pytest.raises(ScoringError, match="no standard error"):
        jackknife_stderr(replicates)


def test_replicates_of_other_groups_do_not_pair() -> None:
    with pytest.raises(ScoringError, match="do not pair up"):
        paired_stderr([1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("groups", [[0] * 6, [0, 0, 0, 2, 2, 2], [0, 1], [-1, 0, 1, 0, 1, 0]])
def test_groups_that_do_not_fit_are_refused(groups: list[int]) -> None:
    x, ids = _data(6, 3, Task.CLASSIFICATION)
    with pytest.raises(ScoringError, match="jackknife groups"):
        logme_jackknife(x, ids, Task.CLASSIFICATION, np.array(groups))
