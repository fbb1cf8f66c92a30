"""What no scorer can take is refused by name, shape and cure, whatever kind of scorer it is."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from models.errors import InputsError
from models.scorers import Need, Scorer, check_inputs, get_scorer
from models.tasks import Task

CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION
X = np.random.default_rng(0).normal(size=(12, 4))
IDS = np.arange(12) % 3
Y = X @ np.arange(4.0)

# One of each kind: an evidence, distances of pairs, neighbours, a covariance, an optimiser, a wrapper.
FOR_CLASSES = [
    get_scorer(n) for n in ("logme", "parc", "tmi", "etran_classification", "pactran_gauss", "ped")
]
FOR_NUMBERS = [get_scorer(n) for n in ("logme", "lfc", "etran_regression")]

for_classes = pytest.mark.parametrize("scorer", FOR_CLASSES, ids=lambda scorer: scorer.name)
for_numbers = pytest.mark.parametrize("scorer", FOR_NUMBERS, ids=lambda scorer: scorer.name)


def _with(value: float, *, rows: int = 1) -> Any:
    x = X.copy()
    x[:rows, 1] = value
    return x


FEATURES = [
    (_with(np.nan), r"'features' \(12, 4\) are not finite \(NaN or Inf\) in 1 of 12 rows", "drop those rows"),
    (_with(np.inf, rows=3), r"'features' \(12, 4\) are not finite .* in 3 of 12 rows", "drop those rows"),
    (_with(-np.inf).astype(np.float16), r"'features' \(12, 4\) are not finite", "drop those rows"),
    (_with(1e200), r"'features' \(12, 4\) hold numbers beyond 1e\+100", "check the encoder"),
    (np.ones((12, 4)), r"'features' \(12, 4\) are the same in every row", "texts differ"),
    (np.zeros((12, 4)), r"'features' \(12, 4\) are the same in every row", "texts differ"),
    (0.3 + 1e-16 * X, r"'features' \(12, 4\) are the same in every row", "texts differ"),
    (X.astype(object), r"'features' \(12, 4\) are of kind object", "pass a float array"),
    (X.astype(str), r"'features' \(12, 4\) are of kind <U", "pass a float array"),
    (X * 1j, r"'features' \(12, 4\) are of kind complex128", "pass a float array"),
    ([[1.0, 2.0]] * 11 + [[1.0]], "'features' have rows of different lengths", "pass a float array"),
    (X[:, 0], r"'features' of shape \(12,\) do not go with 12 labels", r"pass \[n, d\]"),
    (X[:, :0], r"'features' of shape \(12, 0\) do not go with 12 labels", r"pass \[n, d\]"),
    (X[:, :, None], r"'features' of shape \(12, 4, 1\) do not go with 12 labels", r"pass \[n, d\]"),
    (X[:11], r"'features' of shape \(11, 4\) do not go with 12 labels", "one label a row"),
    (X[:0], r"'features' of shape \(0, 4\) do not go with 12 labels", "one label a row"),
]
LABELS = [
    (IDS[:9], r"'features' of shape \(12, 4\) do not go with 9 labels", "one label a row"),
    ([], r"'features' of shape \(12, 4\) do not go with 0 labels", "one label a row"),
    (IDS - 1, r"'labels' \(12,\) hold negative numbers", "drop the rows if -1 means 'no label'"),
    (IDS.astype(float), r"'labels' \(12,\) are floating-point numbers", "pass a regression task type"),
    (list(IDS / 2), r"'labels' \(12,\) are floating-point numbers", "classes as integers or text"),
    ([Decimal(1), Decimal(2)] * 6, r"'labels' \(12,\) hold objects of type Decimal", "pass text or integers"),
    ([["a"], ["b"]] * 6, r"'labels' \(12,\) hold objects of type list", "pass text or integers"),
    ([b"a", {"b": 1}] * 6, r"'labels' \(12,\) hold objects of type bytes, dict", "pass text or integers"),
    (
        np.array([("a",), 3] * 6, dtype=object),
        r"'labels' \(12,\) hold objects of type tuple",
        "text or integers",
    ),
    (np.eye(3)[IDS], r"'labels' have shape \(12, 3\)", "pass one label a row"),
    (["a", None] * 6, r"'labels' \(12,\): 6 of 12 labels are missing", "drop the rows"),
    (["a", float("nan")] * 6, r"'labels' \(12,\): 6 of 12 labels are missing", "drop the rows"),
    (["a"] * 12, r"'labels' \(12,\): every row has the same label", "needs two classes"),
]
TARGETS = [
    (Y[:9], r"'features' of shape \(12, 4\) do not go with 9 labels", "one label a row"),
    (np.where(IDS == 1, np.nan, Y), r"'labels' \(12,\): 4 of 12 .* not finite", "drop those rows"),
    (np.where(IDS == 1, np.inf, Y), r"'labels' \(12,\): 4 of 12 .* not finite", "drop those rows"),
    (["good", "bad"] * 6, r"'labels' \(12,\): .* must be numbers", "classification task type"),
    ([{"a": 1}, 2] * 6, r"'labels' \(12,\): .* must be numbers", "classification task type"),
    ([[1.0], [1.0, 2.0]] * 6, r"'labels' \(12,\): .* must be numbers", "classification task type"),
    (np.column_stack([Y, Y]), r"'labels' \(12, 2\) .* one real number a row", "pass numbers"),
    (Y * 1j, r"'labels' \(12,\) of kind complex128: .* one real number a row", "pass numbers"),
    (
        np.array([datetime.datetime(2024, 1, 1 + i) for i in range(12)], dtype="datetime64[s]"),
        r"'labels' \(12,\) of kind datetime64\[s\]: .* one real number a row",
        "pass numbers",
    ),
    (Y * 1e200, r"'labels' \(12,\) hold numbers beyond 1e\+100", "another unit"),
    (np.full(12, 2.5), r"'labels' \(12,\): every row has the same label", "needs two classes or values"),
]


def _refused(scorer: Scorer, features: Any, labels: Any, task: Task, said: str, cure: str) -> None:
    with pytest.raises(InputsError, match=said) as caught:
        scorer.score(features, labels, task)
    assert re.search(cure, caught.value.next_step)
    assert caught.value.consequence


@for_classes
@pytest.mark.parametrize(("features", "said", "cure"), FEATURES)
def test_features_that_no_scorer_of_classes_can_take(
    scorer: Scorer, features: Any, said: str, cure: str
) -> None:
    _refused(scorer, features, IDS, CLASSES, said, cure)


@for_numbers
@pytest.mark.parametrize(("features", "said", "cure"), FEATURES)
def test_features_that_no_scorer_of_numbers_can_take(
    scorer: Scorer, features: Any, said: str, cure: str
) -> None:
    _refused(scorer, features, Y, NUMBERS, said, cure)


@for_classes
@pytest.mark.parametrize(("labels", "said", "cure"), LABELS)
def test_labels_that_are_no_classes(scorer: Scorer, labels: Any, said: str, cure: str) -> None:
    _refused(scorer, X, labels, CLASSES, said, cure)


@for_numbers
@pytest.mark.parametrize(("labels", "said", "cure"), TARGETS)
def test_labels_that_are_no_target_of_a_regression(scorer: Scorer, labels: Any, said: str, cure: str) -> None:
    _refused(scorer, X, labels, NUMBERS, said, cure)


@pytest.mark.parametrize(("features", "said"), [(f, s) for f, s, _ in FEATURES if "same in every" not in s])
def test_base_features_are_checked_under_their_own_name(features: Any, said: str) -> None:
    with pytest.raises(InputsError, match=said.replace("'features'", "'base_features'")):
        check_inputs(X, IDS, CLASSES, {Need.BASE_FEATURES: features})


@for_classes
@pytest.mark.parametrize(
    "labels",
    [
        IDS,
        IDS.astype(np.uint8),
        IDS == 1,
        [bool(i) for i in IDS == 1],
        [f"class {i}" for i in IDS],
        np.array([f"class {i}" for i in IDS], dtype=object),
        [str(i - 1) for i in IDS],
    ],
)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_what_can_be_meant_is_taken(scorer: Scorer, labels: Any, kind: Any) -> None:
    assert np.isfinite(scorer.score(X.astype(kind), labels, CLASSES))


@for_numbers
@pytest.mark.parametrize("labels", [Y, list(Y), Y.astype(np.float32), IDS, IDS == 1, Y[:, None]])
def test_what_can_be_meant_as_a_number_is_taken(scorer: Scorer, labels: Any) -> None:
    assert np.isfinite(scorer.score(X, labels, NUMBERS))
