"""What holds for every scorer of the registry, whatever it measures."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from support.scorer_inputs import MadeUp, made_up, score_of, task_of

from models.errors import ScoringError
from models.scorers import ROWWISE, SCORERS, Need, Scorer
from models.tasks import Task

CASES = [(scorer, task) for scorer in SCORERS.values() for task in Task if task in scorer.tasks]
NAMES = [f"{scorer.name}-{task}" for scorer, task in CASES]
CLASSES = [(scorer, task) for scorer, task in CASES if not task.is_regression]
CLASS_NAMES = [f"{scorer.name}-{task}" for scorer, task in CLASSES]

every = pytest.mark.parametrize(("scorer", "task"), CASES, ids=NAMES)
every_with_classes = pytest.mark.parametrize(("scorer", "task"), CLASSES, ids=CLASS_NAMES)


def _same(a: list[float], b: list[float]) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


@every
def test_it_leaves_its_inputs_alone_and_one_seed_gives_one_number(scorer: Scorer, task: Task) -> None:
    target = made_up(task)
    before = pickle.dumps(target)
    first = score_of(scorer, target)
    assert first == score_of(scorer, target)
    assert first == score_of(scorer, pickle.loads(before))  # noqa: S301 - written two lines up
    assert pickle.dumps(copy.deepcopy(target)) == pickle.dumps(copy.deepcopy(pickle.loads(before)))  # noqa: S301


@every
def test_global_random_state_is_neither_read_nor_moved(scorer: Scorer, task: Task) -> None:
    target = made_up(task)
    np.random.seed(1)
    first = score_of(scorer, target)
    state = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    np.random.seed(2)
    assert score_of(scorer, target) == first
    np.random.seed(1)
    assert np.random.get_state()[1].tolist() == state  # type: ignore[index, union-attr]


@every_with_classes
def test_the_names_of_the_classes_and_their_order_do_not_matter(scorer: Scorer, task: Task) -> None:
    target = made_up(task)
    renamed = ["zebra", "apple", "mango"]
    names = np.array([renamed[label] for label in target.labels])
    gapped = target.labels * 7 + 3
    expected = score_of(scorer, target)
    for labels in (names, gapped):
        _same(score_of(scorer, MadeUp(target.features, labels, task, target.sources)), expected)


@every
def test_the_order_of_the_rows_does_not_matter(scorer: Scorer, task: Task) -> None:
    if scorer.seeded:
        # Which rows a split or a start draws follows from their order; the spread is the scorer's own test.
        return
    target = made_up(task)
    order = np.random.default_rng(5).permutation(len(target.labels))
    sources = [
        {need: value[order] if need in ROWWISE else value for need, value in offer.items()}
        for offer in target.sources
    ]
    shuffled = MadeUp(target.features[order], target.labels[order], task, sources)
    _same(score_of(scorer, shuffled), score_of(scorer, target))


def _attempt(scorer: Scorer, target: MadeUp) -> list[float] | None:
    try:
        return score_of(scorer, target)
    except ScoringError:
        return None


def _doubled(target: MadeUp) -> MadeUp:
    twice: Any = lambda value: np.concatenate([value, value])  # noqa: E731
    sources = [
        {need: twice(value) if need in ROWWISE else value for need, value in offer.items()}
        for offer in target.sources
    ]
    return MadeUp(twice(target.features), twice(target.labels), target.task, sources)


@every
def test_fewer_rows_than_dimensions_and_doubled_rows_give_a_number(scorer: Scorer, task: Task) -> None:
    assert np.isfinite(score_of(scorer, made_up(task, n=18, d=40))).all()
    assert np.isfinite(score_of(scorer, _doubled(made_up(task)))).all()


@every_with_classes
def test_one_row_a_class_gives_a_number_or_says_why_not(scorer: Scorer, task: Task) -> None:
    found = _attempt(scorer, made_up(task, n=6, classes=6))
    assert found is None or np.isfinite(found).all()


@every
def test_what_it_needs_and_does_not_get_is_named(scorer: Scorer, task: Task) -> None:
    target = made_up(task)
    if scorer.joint:
        with pytest.raises(ScoringError, match="needs"):
            scorer.score_together([{}], target.labels, task)
        return
    needed = scorer.needs - {Need.LABELS}
    with pytest.raises(ScoringError, match="needs") as caught:
        scorer.score(None, target.labels, task)
    assert all(need in str(caught.value) for need in needed)


def test_every_scorer_describes_itself() -> None:
    for name, scorer in SCORERS.items():
        assert scorer.name == name
        assert name.replace("_", "").isalnum()
        assert name == name.lower()
        assert len(scorer.paper) > 10
        assert scorer.title
        assert scorer.tasks
        assert scorer.cost in ("cheap", "moderate", "dear")
        assert task_of(scorer) in scorer.tasks
