"""Which changes of the features leave which scorers alone, as their docstrings promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ortho_group
from support.scorer_inputs import made_up, task_of

from models.scorers import SCORERS
from models.tasks import Task

ALL = [
    "hscore",
    "hscore_shrunk",
    "transrate",
    "transrate_tllib",
    "gbc",
    "nleep",
    "sfda",
    "knn",
    "linear_probe",
]
SCALE_FREE = [name for name in ALL if not name.startswith("transrate")]
WITH_NUMBERS = ["knn", "linear_probe"]
# A solver or a mixture that stops at a tolerance ends elsewhere within it.
TOLERANCE = {"nleep": 1e-2, "linear_probe": 1e-3}
SHAPES = [(60, 8), (18, 40)]


def _both(name: str, task: Task, n: int, d: int, change: Any) -> tuple[float, float]:
    target = made_up(task, n=n, d=d, seed=11)
    scorer = SCORERS[name]
    return tuple(scorer.score(x, target.labels, task) for x in (target.features, change(target.features)))  # type: ignore[return-value]


def _check(name: str, n: int, d: int, change: Any) -> None:
    tasks = [Task.CLASSIFICATION, Task.REGRESSION] if name in WITH_NUMBERS else [Task.CLASSIFICATION]
    for task in tasks:
        plain, changed = _both(name, task, n, d, change)
        near = TOLERANCE.get(name, 1e-7)
        assert changed == pytest.approx(plain, rel=near, abs=near)


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("name", ALL)
def test_an_added_constant_does_not_matter(name: str, n: int, d: int) -> None:
    _check(name, n, d, lambda x: x + np.linspace(-5, 9, d))


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("name", ALL)
def test_a_rotation_does_not_matter(name: str, n: int, d: int) -> None:
    rotation = ortho_group.rvs(d, random_state=np.random.default_rng(0))
    _check(name, n, d, lambda x: x @ rotation)


@pytest.mark.parametrize("factor", [1e-4, 300.0])
@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("name", SCALE_FREE)
def test_one_common_scale_does_not_matter(name: str, n: int, d: int, factor: float) -> None:
    _check(name, n, d, lambda x: x * factor)


@pytest.mark.parametrize("name", ["transrate", "transrate_tllib"])
def test_scale_matters_to_transrate(name: str) -> None:
    plain, changed = _both(name, Task.CLASSIFICATION, 60, 8, lambda x: x * 0.01)
    assert abs(plain - changed) > 0.05


@pytest.mark.parametrize("name", ALL)
def test_features_that_hold_the_classes_score_above_noise(name: str) -> None:
    assert SCORERS[name].higher_is_better
    task = task_of(SCORERS[name])
    rng = np.random.default_rng(0)
    ids = rng.permutation(np.arange(120) % 3)
    noise = rng.normal(size=(120, 10))
    signal = noise + 2 * rng.normal(size=(3, 10))[ids]
    assert SCORERS[name].score(signal, ids, task) > SCORERS[name].score(noise, ids, task)
