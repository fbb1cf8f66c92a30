from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.evaluation.choosing import chosen_of, judged_best, places_of, strict

ALL = np.ones((1, 6), dtype=np.bool_)


def test_places_count_those_ahead_and_those_level() -> None:
    places = places_of(np.array([2.0, 5.0, 2.0, 1.0, -np.inf, -np.inf]), ALL)
    assert places.before[0].tolist() == [1, 0, 1, 3, 4, 4]
    assert places.through[0].tolist() == [3, 1, 3, 4, 6, 6]


def test_a_pool_knows_only_its_members() -> None:
    masks = np.array([[True, False, True, True, False, True]])
    places = places_of(np.array([2.0, 5.0, 2.0, 1.0, 9.0, 3.0]), masks)
    assert places.before[0][masks[0]].tolist() == [1, 1, 3, 0]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 9])
def test_shares_are_those_of_all_ways_to_break_ties(k: int) -> None:
    scores = np.array([1.0, 3.0, 1.0, 1.0, 4.0, 0.0])
    orders = [
        order
        for order in itertools.permutations(range(6))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    expected = np.mean([[one in order[:k] for one in range(6)] for order in orders], axis=0)
    chosen = chosen_of(places_of(scores, ALL), k)
    assert chosen.share[0] == pytest.approx(expected)
    assert chosen.share.sum() == pytest.approx(min(k, 6))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_chance_is_the_mean_over_every_subset(k: int) -> None:
    rng = np.random.default_rng(k)
    picked_by, judged = rng.normal(size=6), rng.normal(size=(6, 3))
    expected = np.mean(
        [judged[max(some, key=lambda one: picked_by[one])] for some in itertools.combinations(range(6), k)],
        axis=0,
    )
    chosen = chosen_of(places_of(np.zeros(6), ALL), k)
    assert judged_best(chosen, picked_by, judged)[0] == pytest.approx(expected)


def test_of_equals_the_first_is_picked() -> None:
    chosen = chosen_of(places_of(np.zeros(6), ALL), 6)
    value = judged_best(chosen, np.array([1.0, 2.0, 2.0, 0.0, 2.0, 1.0]), np.arange(6.0)[:, None])
    assert value.tolist() == [[1.0]]


def test_strict_keeps_the_order_and_breaks_ties_by_place() -> None:
    assert np.argsort(-strict(np.array([1.0, 3.0, 3.0, 2.0]))).tolist() == [1, 2, 3, 0]
