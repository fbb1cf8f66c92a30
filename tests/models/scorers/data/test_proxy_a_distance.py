from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import ScoringError
from models.scorers import Need, get_scorer
from models.scorers.data.proxy_a_distance import proxy_a_distance
from models.tasks import Task


def _two(apart: float, m: int = 80, n: int = 120, d: int = 6, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    target = rng.normal(size=(n, d))
    source = rng.normal(size=(m, d))
    source[:, 0] += apart
    return source, target


def test_samples_that_cannot_be_told_apart_are_near_0_and_those_that_can_are_at_2() -> None:
    assert proxy_a_distance(*_two(0)) < 0.3
    assert proxy_a_distance(*_two(40)) == 2
    inner = [proxy_a_distance(*_two(apart)) for apart in (0.5, 1.5, 3)]
    assert inner == sorted(inner)


def test_it_nears_the_value_of_the_best_linear_classifier() -> None:
    from scipy.stats import norm

    # Two normals whose means are 2 apart: the best classifier errs at the rate Phi(-1).
    found = proxy_a_distance(*_two(2, m=1500, n=3000, d=2), c=1.0)
    assert found == pytest.approx(2 * (1 - 2 * norm.cdf(-1)), abs=0.06)


def test_a_side_with_more_rows_does_not_hide_the_other() -> None:
    # Guessing "target" every time errs in 2 % of the rows, and tells nothing.
    assert proxy_a_distance(*_two(0, m=20, n=980)) < 0.5
    assert proxy_a_distance(*_two(40, m=20, n=980)) > 1.9


def test_units_do_not_matter() -> None:
    source, target = _two(1)
    assert proxy_a_distance(1000 * source, 1000 * target) == proxy_a_distance(source, target)


def test_other_seeds_move_it_little() -> None:
    source, target = _two(1, m=300, n=300)
    found = [proxy_a_distance(source, target, seed=seed) for seed in range(6)]
    assert len(set(found)) > 1
    assert np.std(found) < 0.05


def test_what_cannot_be_told_apart_by_folds_says_so() -> None:
    source, target = _two(1)
    for pair, words in (
        ((source[:, :3], target), "do not go together"),
        ((source[:4], target), "5 folds cannot be made"),
        ((np.full_like(source, np.nan), target), "not finite"),
    ):
        with pytest.raises(ScoringError, match=words):
            proxy_a_distance(*pair)


def test_the_scorer_compares_the_source_sample_with_base_features_and_reads_no_labels() -> None:
    source, target = _two(1)
    scorer = get_scorer("proxy_a_distance")
    given = {Need.SOURCE_SAMPLE: source, Need.BASE_FEATURES: target}
    for labels in (np.arange(120) % 2, np.arange(120) % 7):
        found = scorer.score(None, labels, Task.CLASSIFICATION, given=given, seed=3)
        assert found == proxy_a_distance(source, target, seed=3)
    assert not scorer.higher_is_better
