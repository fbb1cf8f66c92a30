from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ScoringError
from models.labels import class_ids, regression_target, stratified_groups
from models.tasks import Task


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_class_ids_are_contiguous_and_reversible(labels: list[int]) -> None:
    classes, ids = class_ids(labels)
    assert sorted(set(ids.tolist())) == list(range(len(classes)))
    assert [classes[place] for place in ids] == [str(label) for label in labels]
    assert list(classes) == sorted(classes)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_label_is_no_class(missing: object) -> None:
    with pytest.raises(ScoringError, match="1 of 2 labels are missing"):
        class_ids(["a", missing])


@pytest.mark.parametrize("labels", [["1", "two"], [1.0, float("inf")], [1.0, None]])
def test_regression_labels_must_be_finite_numbers(labels: list[object]) -> None:
    with pytest.raises(ScoringError, match="regression labels"):
        regression_target(labels)


@given(st.lists(st.sampled_from("aaaabbc"), min_size=6, max_size=80), st.integers(2, 6), st.integers(0, 10))
def test_groups_are_balanced_and_stratified(labels: list[str], k: int, seed: int) -> None:
    groups = stratified_groups(labels, Task.CLASSIFICATION, k, seed)
    sizes = np.bincount(groups, minlength=k)
    assert sizes.size == k
    assert sizes.max() - sizes.min() <= 1
    for label in set(labels):
        share = np.bincount(groups[np.array(labels) == label], minlength=k)
        assert share.max() - share.min() <= 2
    assert np.array_equal(groups, stratified_groups(labels, Task.CLASSIFICATION, k, seed))


def test_groups_spread_a_regression_target_evenly() -> None:
    y = np.random.default_rng(0).normal(size=400)
    groups = stratified_groups(y, Task.REGRESSION, 4, 0)
    means = [y[groups == group].mean() for group in range(4)]
    assert np.ptp(means) < 0.05


def test_another_seed_gives_other_groups() -> None:
    labels = ["a", "b"] * 50
    one, two = (stratified_groups(labels, Task.CLASSIFICATION, 5, seed) for seed in (0, 1))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_impossible_numbers_of_groups_are_refused(k: int) -> None:
    with pytest.raises(ScoringError, match="3 rows cannot be dealt out"):
        stratified_groups(["a", "b", "a"], Task.CLASSIFICATION, k, 0)
