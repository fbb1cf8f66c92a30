from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError, SettingsError
from models.scorers import Inputs, Need, Scorer, get_scorer, logme
from models.tasks import Task

X = np.random.default_rng(0).normal(size=(30, 4))
IDS = np.arange(30) % 2


def test_logme_is_registered_with_its_setting() -> None:
    scorer = get_scorer("logme")
    assert scorer.score(X, IDS, Task.CLASSIFICATION) == logme(X, IDS, Task.CLASSIFICATION)
    centred = scorer.score(X, IDS, Task.CLASSIFICATION, center=True)
    assert centred == logme(X, IDS, Task.CLASSIFICATION, center=True)
    assert scorer.resolve({}) == {"center": False}
    assert not scorer.seeded


def test_a_mistyped_name_is_helped() -> None:
    with pytest.raises(SettingsError, match=r"'logm'.*did you mean logme\?"):
        get_scorer("logm")
    with pytest.raises(SettingsError, match="choose one of") as caught:
        get_scorer("x" * 500)
    assert len(str(caught.value)) < 300


def test_a_mistyped_setting_is_helped() -> None:
    with pytest.raises(SettingsError, match=r"no setting 'centre'.*did you mean center\?"):
        get_scorer("logme").score(X, IDS, Task.CLASSIFICATION, centre=True)


def _made_up(compute: Any, **fields: Any) -> Scorer:
    tasks = fields.pop("tasks", frozenset(Task))
    return Scorer(name="made_up", title="", paper="", tasks=tasks, compute=compute, **fields)


def test_a_new_scorer_gets_checked_inputs_and_what_it_needs() -> None:
    seen: list[Inputs] = []

    def compute(inputs: Inputs, *, seed: int) -> float:
        seen.append(inputs)
        return float(inputs.given[Need.BASE_FEATURES].sum()) + seed

    scorer = _made_up(compute, needs=frozenset({Need.FEATURES, Need.BASE_FEATURES}), defaults={"seed": 0})
    assert scorer.seeded
    given = {Need.BASE_FEATURES: np.ones((30, 4))}
    assert scorer.score(X, IDS * 7, Task.CLASSIFICATION, given=given, seed=3) == 123
    assert seen[0].classes == ("0", "7")
    assert seen[0].one_hot.sum(0).tolist() == [15, 15]
    assert not seen[0].features.flags.writeable
    with pytest.raises(ScoringError, match="needs base_features"):
        scorer.score(X, IDS, Task.CLASSIFICATION)


def test_a_task_it_cannot_score_is_refused() -> None:
    scorer = _made_up(lambda inputs: 1.0, tasks=frozenset({Task.CLASSIFICATION}))
    with pytest.raises(ScoringError, match="does not score regression"):
        scorer.score(X, X[:, 0], Task.REGRESSION)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_is_a_number_or_an_error(value: float) -> None:
    with pytest.raises(ScoringError, match="scorer made_up: it gave"):
        _made_up(lambda inputs: value).score(X, IDS, Task.CLASSIFICATION)
