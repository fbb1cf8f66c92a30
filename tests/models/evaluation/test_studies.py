"""Popularity, likeness of targets, analysis of variance and the size of the pool."""

from __future__ import annotations

import numpy as np
import pytest
from support.transfer_truth import made_up_truths

from models.evaluation import (
    TargetTruth,
    likeness,
    pool_sizes,
    popularity,
    regret_by_pool_size,
    variance_shares,
)


def _truth(means: list[float], baseline: float | None, members: list[int] | None = None) -> TargetTruth:
    at = np.array(members if members is not None else range(len(means)))
    return TargetTruth(at, np.array(means)[:, None], baseline)


def test_popularity_is_the_mean_gain_on_the_other_targets() -> None:
    truths = [_truth([0.6, 0.7], 0.5), _truth([0.3, 0.2], 0.3), _truth([0.9, 0.8], 0.8)]
    found, over_baseline = popularity(truths, 2)
    assert over_baseline
    assert found[0] == pytest.approx([0.05, -0.05])
    assert found[1] == pytest.approx([0.1, 0.1])


def test_popularity_never_sees_the_target_itself() -> None:
    truths = made_up_truths(4, 6, 2)
    before, _ = popularity(truths, 6)
    changed = [TargetTruth(truths[0].members, truths[0].scores[::-1], 0.1), *truths[1:]]
    after, _ = popularity(changed, 6)
    assert before[0] == pytest.approx(after[0])
    assert before[1] != pytest.approx(after[1])


def test_popularity_without_every_baseline_is_over_the_mean_source() -> None:
    truths = [_truth([0.6, 0.7], 0.5), _truth([0.3, 0.1], None)]
    found, over_baseline = popularity(truths, 2)
    assert not over_baseline
    assert found[0] == pytest.approx([0.1, -0.1])
    assert found[1] == pytest.approx([-0.05, 0.05])


def test_a_source_that_no_other_target_tried_is_last() -> None:
    truths = [_truth([0.6, 0.7], 0.5, [0, 1]), _truth([0.3, 0.1], 0.2, [1, 2])]
    found, _ = popularity(truths, 3)
    assert found[0] == pytest.approx([-np.inf, 0.1])
    alone, _ = popularity(truths[:1], 3)
    assert alone == [None]


def test_targets_that_agree_are_as_alike_as_noise_lets_them() -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 0.03, 30)
    same = [
        TargetTruth(np.arange(30), 0.7 + shared[:, None] + rng.normal(0, 0.02, (30, 4)), 0.7)
        for _ in range(8)
    ]
    found = likeness(same)
    assert found.pairs == 28
    assert found.between_halves == pytest.approx(found.ceiling, abs=0.1)
    assert found.between is not None
    assert found.between_halves is not None
    assert found.between > found.between_halves


def test_targets_of_their_own_mind_are_not_alike() -> None:
    rng = np.random.default_rng(1)
    own = [
        TargetTruth(np.arange(40), rng.normal(0.7, 0.03, (40, 1)) + rng.normal(0, 0.005, (40, 3)), 0.7)
        for _ in range(8)
    ]
    found = likeness(own)
    assert found.between == pytest.approx(0.0, abs=0.15)
    assert found.ceiling is not None
    assert found.ceiling > 0.8


def test_likeness_needs_three_shared_sources_and_two_seeds() -> None:
    truths = [_truth([0.6, 0.7, 0.8], 0.5, [0, 1, 2]), _truth([0.3, 0.1, 0.2], 0.2, [1, 2, 3])]
    found = likeness(truths)
    assert (found.between, found.ceiling, found.pairs) == (None, None, 0)


def test_shares_of_variance_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(2)
    cube = rng.normal(size=(4, 6, 3))  # target, source, seed
    cube += rng.normal(size=(4, 1, 1)) + rng.normal(size=(1, 6, 1))
    truths = [TargetTruth(np.arange(6), one, None) for one in cube]
    grand, cells = cube.mean(), cube.mean(axis=2)
    by_target, by_source = cells.mean(axis=1), cells.mean(axis=0)
    squares = {
        "target": 18 * ((by_target - grand) ** 2).sum(),
        "source": 12 * ((by_source - grand) ** 2).sum(),
        "interaction": 3 * ((cells - by_target[:, None] - by_source[None] + grand) ** 2).sum(),
        "seed": ((cube - cells[..., None]) ** 2).sum(),
    }
    found = variance_shares(truths)
    assert found is not None
    total = sum(squares.values())
    for name, value in squares.items():
        assert getattr(found, name) == pytest.approx(value / total)
    assert found.seed_component == pytest.approx(squares["seed"] / (4 * 6 * 2))
    expected = (squares["source"] / 5 - squares["interaction"] / 15) / 12
    assert found.source_component == pytest.approx(max(expected, 0.0))


def test_one_seed_says_nothing_of_chance() -> None:
    cube = np.random.default_rng(2).normal(size=(4, 6, 1))
    found = variance_shares([TargetTruth(np.arange(6), one, None) for one in cube])
    assert found is not None
    assert found.seed is None
    assert found.seed_component is None
    assert found.target + found.source + found.interaction == pytest.approx(1.0)


def test_components_find_what_was_put_in() -> None:
    rng = np.random.default_rng(3)
    source = rng.normal(0, 0.03, 150)
    truths = [
        TargetTruth(
            np.arange(150),
            0.5 + (source + rng.normal(0, 0.02, 150))[:, None] + rng.normal(0, 0.01, (150, 3)),
            None,
        )
        for _ in range(20)
    ]
    found = variance_shares(truths)
    assert found is not None
    assert found.source_component == pytest.approx(0.03**2, rel=0.3)
    assert found.interaction_component == pytest.approx(0.02**2, rel=0.1)
    assert found.seed_component == pytest.approx(0.01**2, rel=0.1)


def test_shares_of_holed_tables_still_add_up() -> None:
    rng = np.random.default_rng(4)
    truths = [
        TargetTruth(np.sort(rng.choice(12, 9, replace=False)), rng.normal(0.6, 0.1, (9, seeds)), None)
        for seeds in (2, 3, 3)
    ]
    found = variance_shares(truths)
    assert found is not None
    assert found.seed is not None
    assert found.target + found.source + found.interaction + found.seed == pytest.approx(1.0)


def test_results_that_never_differ_have_no_shares() -> None:
    assert variance_shares([_truth([0.5, 0.5], None)]) is None


def test_sizes_stop_at_the_smallest_pool_and_small_targets_are_left_out() -> None:
    truths = [_truth([0.5] * n, None) for n in (40, 36, 10)]
    assert pool_sizes(truths) == ([8, 12, 16, 24, 32, 36], [0, 1])
    assert pool_sizes([_truth([0.5] * 5, None)]) == ([5], [0])


def test_regret_of_chance_grows_with_the_pool() -> None:
    truths = made_up_truths(6, 40, 3)
    knows = [one.scores.mean(axis=1) for one in truths]
    chance = [np.zeros(40) for _ in truths]
    found = regret_by_pool_size(truths, {"knows": knows, "chance": chance}, [8, 16, 40], draws=50)
    regrets = [one.regret["chance"] or 0.0 for one in found]
    assert regrets == sorted(regrets)
    assert regrets[-1] > 1.5 * regrets[0]
    assert all((one.regret["knows"] or 0.0) < (one.regret["chance"] or 0.0) for one in found)


def test_the_whole_pool_is_no_sample() -> None:
    truths = made_up_truths(3, 10, 3)
    (found,) = regret_by_pool_size(truths, {"none": [None] * 3}, [10], draws=3)
    assert found.regret == {"none": None}
    assert found.floor is not None
