"""What each of these scorers promises when all features are shifted, scaled or rotated, and what it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.scorers.registry import get_scorer
from models.tasks import Task

CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION
TURN = np.linalg.qr(np.random.default_rng(8).normal(size=(5, 5)))[0]
TRANSFORMS: dict[str, Any] = {
    "shift": lambda x: x + np.array([3.0, -1.0, 0.5, 2.0, 1.0]),
    "scale": lambda x: 40.0 * x,
    "rotation": lambda x: x @ TURN,
}
KEEPS = [
    ("parc", CLASSES, {}, {"shift", "scale"}),
    ("parc", NUMBERS, {}, {"shift", "scale"}),
    ("parc", CLASSES, {"components": 0}, {"scale"}),
    ("lfc", CLASSES, {}, {"scale", "rotation"}),
    ("lfc", CLASSES, {"center": True}, {"shift", "scale", "rotation"}),
    ("lfc", NUMBERS, {"center": True}, {"shift", "scale", "rotation"}),
    ("tmi", CLASSES, {}, {"shift", "rotation"}),
    ("ped", CLASSES, {"inner": "lfc"}, {"scale", "rotation"}),
    ("etran_classification", CLASSES, {}, {"shift", "scale", "rotation"}),
    ("etran_regression", NUMBERS, {}, {"shift", "scale", "rotation"}),
    ("pactran_gauss", CLASSES, {}, {"shift", "rotation"}),
]


def _data(task: Task) -> tuple[Any, Any]:
    rng = np.random.default_rng(2)
    ids = np.arange(45) % 3
    x = rng.normal(size=(45, 5)) * np.arange(1, 6) + 0.7 * rng.normal(size=(3, 5))[ids]
    return x, x @ rng.normal(size=5) + rng.normal(size=45) if task.is_regression else ids


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(("name", "task", "settings", "keeps"), KEEPS)
def test_it_keeps_its_number_where_promised_and_only_there(
    name: str, task: Task, settings: dict[str, Any], keeps: set[str], transform: str
) -> None:
    x, y = _data(task)
    scorer = get_scorer(name)
    before = scorer.score(x, y, task, **settings)
    after = scorer.score(TRANSFORMS[transform](x), y, task, **settings)
    assert (after == pytest.approx(before, rel=1e-6, abs=1e-9)) == (transform in keeps)
