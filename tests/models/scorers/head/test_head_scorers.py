from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from models.errors import ScoringError, SettingsError
from models.scorers import Need, get_scorer
from models.scorers.head.etran_energy import energy_score
from models.scorers.head.leep import leep
from models.scorers.head.nce import nce
from models.tasks import Task
from models.tuning.head import Head

FIXTURE = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "tllib_leep_nce.json").read_text(encoding="utf-8")
)
NAMES = ("leep", "nce", "etran_energy")
CLASSES = Task.CLASSIFICATION


def _head(logits: Any) -> Head:
    """A head whose features are its logits."""
    width = np.asarray(logits).shape[1]
    classes = tuple(f"class {place}" for place in range(width))
    return Head(np.eye(width, dtype=np.float32), np.zeros(width, dtype=np.float32), classes)


def _score(name: str, logits: Any, labels: Any, head: Head | None = None, task: Task = CLASSES) -> float:
    given = {Need.SOURCE_HEAD: head or _head(logits)}
    return get_scorer(name).score(np.asarray(logits, dtype=float), labels, task, given=given)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"seed {case['seed']}")
def test_tllib_gives_the_same_numbers(case: dict[str, Any]) -> None:
    assert "tllib 0.4" in FIXTURE["made_by"]
    for name in ("leep", "nce"):
        assert _score(name, case["logits"], case["labels"]) == pytest.approx(case[name], abs=1e-12)


def _random(seed: int = 0, n: int = 50, z: int = 4, c: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(n) % c)
    return rng.normal(size=(n, z)) + 2 * (ids[:, None] == np.arange(z)), ids


def test_leep_is_its_definition_row_by_row() -> None:
    logits, ids = _random()
    p = softmax(logits, axis=1)
    joint = np.zeros((3, 4))
    for row, label in zip(p, ids, strict=True):
        joint[label] += row / len(ids)
    expected = 0.0
    for row, label in zip(p, ids, strict=True):
        expected += np.log(sum(joint[label, z] / joint[:, z].sum() * row[z] for z in range(4))) / len(ids)
    assert _score("leep", logits, ids) == pytest.approx(expected, abs=1e-12)


def test_nce_is_the_entropy_of_the_labels_within_each_prediction() -> None:
    logits, ids = _random(1)
    hard, expected = logits.argmax(1), 0.0
    for z in set(hard):
        shares = np.bincount(ids[hard == z]) / (hard == z).sum()
        expected += (hard == z).mean() * sum(p * np.log(p) for p in shares if p)
    assert _score("nce", logits, ids) == pytest.approx(expected, abs=1e-12)


def test_with_a_head_that_has_no_doubts_leep_is_nce() -> None:
    for seed in range(20):
        logits, ids = _random(seed)
        certain = np.eye(4)[logits.argmax(1)]
        assert leep(certain, np.eye(3)[ids]) == pytest.approx(nce(ids, logits.argmax(1)), abs=1e-12)


def test_neither_leep_nor_nce_is_ever_above_0_or_below_what_the_labels_alone_allow() -> None:
    for seed in range(20):
        logits, ids = _random(seed)
        for name in ("leep", "nce"):
            assert -np.log(3) - 1e-12 <= _score(name, 2 * logits, ids) <= 0


def test_a_head_that_knows_the_labels_under_other_names_scores_0_and_one_that_knows_nothing_the_entropy() -> (
    None
):
    ids = np.arange(60) % 3
    knows = 50.0 * np.eye(3)[(ids + 1) % 3] + 1e-3 * np.arange(60)[:, None]
    assert _score("nce", knows, ids) == 0
    assert _score("leep", knows, ids) == pytest.approx(0, abs=1e-9)
    nothing = np.tile([3.0, 0, 0], (60, 1)) + 1e-3 * np.arange(60)[:, None]
    assert _score("nce", nothing, ids) == pytest.approx(-np.log(3))
    assert _score("leep", nothing, ids) == pytest.approx(-np.log(3))


def test_the_order_of_the_sources_classes_does_not_matter() -> None:
    logits, ids = _random(2)
    for name in NAMES:
        assert _score(name, logits[:, ::-1], ids) == pytest.approx(_score(name, logits, ids), abs=1e-12)


def test_a_source_class_that_nothing_is_given_to_takes_no_part() -> None:
    logits, ids = _random(3)
    unused = np.column_stack([logits, np.full(50, -2000.0)])
    for name in NAMES:
        assert _score(name, unused, ids) == pytest.approx(_score(name, logits, ids), abs=1e-12)


def test_energy_is_the_log_of_the_summed_exponentials_at_its_temperature() -> None:
    logits, ids = _random(4)
    assert _score("etran_energy", logits, ids) == pytest.approx(np.log(np.exp(logits).sum(1)).mean())
    cooler = 0.5 * np.log(np.exp(logits / 0.5).sum(1)).mean()
    assert energy_score(logits, temperature=0.5) == pytest.approx(cooler)
    # Large logits do not overflow, and what is added to all of them is added to the score.
    assert energy_score(logits + 5000) == pytest.approx(energy_score(logits) + 5000)
    with pytest.raises(SettingsError, match=r"temperature is 0.*above 0"):
        energy_score(logits, temperature=0)


def test_energy_reads_no_labels_and_takes_regression_targets() -> None:
    logits, ids = _random(5)
    numbers = np.linspace(0, 1, 50)
    assert _score("etran_energy", logits, numbers, task=Task.REGRESSION) == _score(
        "etran_energy", logits, ids
    )
    for name in ("leep", "nce"):
        with pytest.raises(ScoringError, match="does not score regression"):
            _score(name, logits, numbers, task=Task.REGRESSION)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_without_a_classification_head_is_no_number(name: str) -> None:
    logits, ids = _random()
    nobody = np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.float32)
    with pytest.raises(ScoringError, match=r"has no head \(the model was brought along\)"):
        _score(name, logits, ids, Head(*nobody, note="the model was brought along"))
    regression = Head(np.ones((1, 4), dtype=np.float32), np.zeros(1, dtype=np.float32))
    with pytest.raises(ScoringError, match="head is for regression"):
        _score(name, logits, ids, regression)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_does_not_fit_the_features_or_is_broken_is_named(name: str) -> None:
    logits, ids = _random()
    with pytest.raises(ScoringError, match="features have width 4"):
        _score(name, logits, ids, _head(np.zeros((1, 5))))
    broken = Head(np.full((4, 4), np.nan, dtype=np.float32), np.zeros(4, dtype=np.float32), tuple("abcd"))
    with pytest.raises(ScoringError, match="gives NaN or Inf"):
        _score(name, logits, ids, broken)
