from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ScoringError
from models.ranking import assign_tiers, paired_stderr

NOISE = np.random.default_rng(0).normal(size=(8, 10))


def _ranking(scores: list[float], spread: float = 0.01) -> list[Any]:
    return [score + spread * NOISE[place % 8] for place, score in enumerate(scores)]


def test_a_tier_starts_where_the_difference_from_its_leader_exceeds_two_errors() -> None:
    scores = [1.0, 0.99, 0.5, 0.49, 0.0]
    assert assign_tiers(scores, _ranking(scores)) == [1, 1, 2, 2, 3]


def test_the_comparison_is_with_the_leader_not_the_neighbour() -> None:
    flat = np.zeros(10)
    flat[0] = 1.0
    error = paired_stderr(flat, np.zeros(10))
    step = 1.5 * error
    scores = [0.0, -step, -2 * step, -3 * step]
    replicates = [np.zeros(10), flat, flat, np.zeros(10)]
    # Each neighbour is 1.5 errors away, the third 3 errors from the leader.
    assert assign_tiers(scores, replicates) == [1, 1, 2, 2]


def test_shared_noise_does_not_hide_a_difference() -> None:
    shared = 5 * NOISE[0]
    assert assign_tiers([1.0, 0.9], [shared + 1, shared + 0.9]) == [1, 2]


def test_equal_scores_share_a_tier_even_without_any_error() -> None:
    same = np.ones(10)
    assert assign_tiers([1.0, 1.0, 0.5], [same, same, same * 0.5]) == [1, 1, 2]


def test_sources_that_were_not_tested_share_one_last_tier() -> None:
    scores = [1.0, 0.5, 0.4, 0.3, 0.2]
    tested = _ranking(scores)
    assert assign_tiers(scores, [*tested[:2], None, None, None]) == [1, 2, 3, 3, 3]
    assert assign_tiers(scores, [None] * 5) == [1] * 5
    assert assign_tiers(scores, [tested[0], None, *tested[2:]]) == [1, 2, 2, 2, 2]


def test_an_empty_ranking_has_no_tiers() -> None:
    assert assign_tiers([], []) == []


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.integers(0, 12))
def test_tiers_start_at_one_and_never_fall_or_jump(scores: list[float], tested: int) -> None:
    ordered = sorted(scores, reverse=True)
    replicates = [r if place < tested else None for place, r in enumerate(_ranking(ordered, 0.5))]
    tiers = assign_tiers(ordered, replicates)
    assert tiers[0] == 1
    assert set(np.diff(tiers).tolist()) <= {0, 1}


@pytest.mark.parametrize(
    ("scores", "replicates"), [([0.0, 1.0], [None, None]), ([float("nan")], [None]), ([1.0], [])]
)
def test_what_is_not_a_ranking_is_refused(scores: list[float], replicates: list[Any]) -> None:
    with pytest.raises(ScoringError, match="not a sorted ranking"):
        assign_tiers(scores, replicates)
