from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError
from models.scorers import LowRankUpdate, Need, get_scorer
from models.tasks import Task

LABELS = [0.0, 1.0, 2.0]
SHAPES = {"first": (5, 3), "second": (4, 6)}


def _score(source: LowRankUpdate, target: LowRankUpdate) -> float:
    given = {Need.SOURCE_UPDATE: source, Need.TARGET_UPDATE: target}
    return get_scorer("task_vector").score(None, LABELS, Task.REGRESSION, given=given)


def _update(seed: int, rank: int = 2, names: tuple[str, ...] = tuple(SHAPES)) -> LowRankUpdate:
    rng = np.random.default_rng(seed)
    return LowRankUpdate(
        {n: (rng.normal(size=(SHAPES[n][0], rank)), rng.normal(size=(SHAPES[n][1], rank))) for n in names}
    )


def _flat(update: LowRankUpdate) -> Any:
    matrices = {name: a @ b.T for name, (a, b) in update.factors.items()}
    return np.concatenate([matrices.get(name, np.zeros(shape)).ravel() for name, shape in SHAPES.items()])


@pytest.mark.parametrize("ranks", [(2, 2), (1, 3)])
def test_it_is_the_cosine_of_the_whole_matrices(ranks: tuple[int, int]) -> None:
    one, other = _update(0, ranks[0]), _update(1, ranks[1])
    a, b = _flat(one), _flat(other)
    assert _score(one, other) == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-10)
    assert _score(one, other) == pytest.approx(_score(other, one), rel=1e-12)


def test_a_layer_that_one_side_left_alone_counts_as_zero() -> None:
    one, other = _update(0), _update(1, names=("second",))
    a, b = _flat(one), _flat(other)
    assert _score(one, other) == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-10)
    assert _score(_update(0, names=("first",)), other) == 0.0


def test_the_same_direction_is_one_and_the_opposite_minus_one() -> None:
    one = _update(3)
    further = LowRankUpdate({name: (5 * a, b) for name, (a, b) in one.factors.items()})
    back = LowRankUpdate({name: (-a, b) for name, (a, b) in one.factors.items()})
    # Which factors a product is written with is nobody's business.
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 2)))[0]
    turned = LowRankUpdate({name: (a @ turn, b @ turn) for name, (a, b) in one.factors.items()})
    assert _score(one, further) == pytest.approx(1.0, rel=1e-12)
    assert _score(one, turned) == pytest.approx(1.0, rel=1e-12)
    assert _score(one, back) == pytest.approx(-1.0, rel=1e-12)


def test_no_update_and_another_encoder_are_refused() -> None:
    with pytest.raises(ScoringError, match="zero"):
        _score(LowRankUpdate({}), _update(0))
    other = LowRankUpdate({"first": (np.ones((5, 1)), np.ones((4, 1)))})
    with pytest.raises(ScoringError, match="'first' are 5 x 3 and 5 x 4"):
        _score(_update(0), other)
