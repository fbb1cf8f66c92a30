from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.blobs import blobs

from models.errors import SettingsError
from models.scorers import SCORERS
from models.tasks import Task

FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "features_and_labels.json").read_text(encoding="utf-8")
)
KNN = SCORERS["knn"]
CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION


def _others(x: Any, k: int) -> list[Any]:
    """Places of each row's k nearest other rows, one row after the other."""
    near = []
    for row in range(len(x)):
        distances = np.square(x - x[row]).sum(axis=1)
        distances[row] = np.inf
        near.append(np.argsort(distances)[:k])
    return near


@pytest.mark.parametrize("k", [1, 2, 5])
def test_accuracy_is_that_of_votes_with_ties_shared(k: int) -> None:
    x, ids = blobs(0, n=70, d=6, c=4, spread=0.5)
    hits = []
    for row, near in enumerate(_others(x, k)):
        votes = Counter(ids[near].tolist())
        winners = [one for one, count in votes.items() if count == max(votes.values())]
        hits.append((ids[row] in winners) / len(winners))
    assert 0.2 < np.mean(hits) < 0.9
    assert KNN.score(x, ids, CLASSES, k=k) == pytest.approx(np.mean(hits), rel=1e-12)


def test_numbers_are_scored_by_the_share_of_variance_explained() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    y = x @ [2.0, 1.0, 0.0] + 0.3 * rng.normal(size=80)
    errors = [y[row] - y[near].mean() for row, near in enumerate(_others(x, 5))]
    expected = 1 - np.square(errors).mean() / y.var()
    assert 0.3 < expected < 0.99
    assert KNN.score(x, y, NUMBERS) == pytest.approx(expected, rel=1e-10)
    assert KNN.score(x, 40 - 7 * y, NUMBERS) == pytest.approx(expected, rel=1e-8)
    assert KNN.score(rng.normal(size=(80, 3)), y, NUMBERS) < 0.1


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"seed{case['inputs']['seed']}")
def test_it_agrees_with_transformer_ranker_where_that_measures_accuracy(case: dict[str, Any]) -> None:
    x, ids = blobs(**case["inputs"])
    assert x.sum() == pytest.approx(case["features_sum"], abs=1e-6)
    for settings, key in [({"k": 1}, "knn1"), ({"k": 1, "metric": "cosine"}, "knn1_cosine")]:
        ours = KNN.score(x, ids, CLASSES, **settings)
        theirs = case[f"transformer_ranker_{key}"]
        if case["inputs"]["c"] > 2:
            assert ours == pytest.approx(theirs, abs=1e-6)
        else:
            # With two classes it gives the F1 of whichever is called 1, so swapping the names moves it.
            near = np.array([found[0] for found in _others(_unit(x) if "metric" in settings else x, 1)])
            assert theirs == pytest.approx(_f1(ids, ids[near]), abs=1e-6)
            assert abs(_f1(1 - ids, 1 - ids[near]) - theirs) > 1e-3


def _unit(x: Any) -> Any:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _f1(truth: Any, said: Any) -> float:
    hits = np.sum((truth == 1) & (said == 1))
    return float(2 * hits / (np.sum(truth == 1) + np.sum(said == 1)))


def test_cosine_does_not_mind_the_length_of_rows() -> None:
    x, ids = blobs(1, n=60, d=6, c=3, spread=0.5)
    stretched = x * np.random.default_rng(0).uniform(0.1, 10, size=(60, 1))
    assert KNN.score(stretched, ids, CLASSES, metric="cosine") == KNN.score(x, ids, CLASSES, metric="cosine")
    assert KNN.score(stretched, ids, CLASSES) != KNN.score(x, ids, CLASSES)


def test_fewer_rows_than_neighbours_and_doubled_rows() -> None:
    x, ids = blobs(2, n=4, d=3, c=2)
    assert 0 <= KNN.score(x, ids, CLASSES, k=50) <= 1
    noise, ids = blobs(3, n=60, d=6, c=3, spread=0.0)
    assert KNN.score(noise, ids, CLASSES, k=1) < 0.6
    assert KNN.score(np.vstack([noise, noise]), np.concatenate([ids, ids]), CLASSES, k=1) == 1.0


@pytest.mark.parametrize("bad", [{"k": 0}, {"metric": "taxi"}])
def test_settings_it_does_not_have_are_refused(bad: dict[str, Any]) -> None:
    x, ids = blobs(2, n=30, d=3, c=2)
    with pytest.raises(SettingsError, match="knn"):
        KNN.score(x, ids, CLASSES, **bad)
