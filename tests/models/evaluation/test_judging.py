from __future__ import annotations

import numpy as np
import pytest
from support.transfer_truth import slow_floor, slow_regret

from models.evaluation import Contest
from models.evaluation.judging import Judge

ONE = np.ones((1, 4), dtype=np.bool_)


def _contest(scores: np.ndarray, baseline: float | None = 0.5) -> Contest:
    return Contest(scores, baseline, np.ones((1, len(scores)), dtype=np.bool_))


def test_one_seed_by_hand() -> None:
    contest = _contest(np.array([[0.8], [0.6], [0.7], [0.5]]), 0.6)
    found = contest.measure(np.array([1.0, 3.0, 2.0, 0.0]))
    assert found["regret@1"] == pytest.approx([100 * (0.8 - 0.6) / 0.8])
    assert found["regret@3"] == pytest.approx([0.0])
    assert found["mean_regret@3"] == pytest.approx([0.0])
    assert found["mean_regret@1"] == pytest.approx(found["regret@1"])
    assert found["gain"] == pytest.approx([0.0], abs=1e-12)
    assert found["gain@3"] == pytest.approx([20.0])
    assert found["precision@1"].tolist() == [0.0]
    assert found["precision@3"].tolist() == [1.0]
    assert np.isnan(found["excess_regret@1"]).all()


def test_two_seeds_by_hand() -> None:
    scores = np.array([[0.8, 0.6], [0.7, 0.7], [0.5, 0.5], [0.4, 0.4]])
    found = _contest(scores).measure(np.array([0.0, 1.0, -1.0, -2.0]))
    # At seed 0 the first is best, at seed 1 the second, which was chosen.
    assert found["regret@1"] == pytest.approx([(100 * 0.1 / 0.8 + 0.0) / 2])
    # Who knows the other seed chooses the second at seed 0, and the first at seed 1.
    floor = (100 * 0.1 / 0.8 + 100 * 0.1 / 0.7) / 2
    assert found["excess_regret@1"] == pytest.approx(found["regret@1"] - floor)


def test_three_seeds_by_hand_pick_on_one_and_judge_on_another() -> None:
    scores = np.array([[0.9, 0.3, 0.3], [0.5, 0.5, 0.5]])
    # Picked by seed 0 the first is best and worth 0.3 to the others; picked by another, the second, worth 0.5.
    regret = _contest(scores).measure(np.array([0.0, 1.0]))["regret@1"]
    assert regret == pytest.approx([2 * 100 * (0.3 - 0.5) / 0.3 / 6])


@pytest.mark.parametrize("n_seeds", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("k", [1, 3])
def test_regret_and_floor_are_the_definition(n_seeds: int, k: int) -> None:
    rng = np.random.default_rng(10 * n_seeds + k)
    scores = np.round(0.6 + rng.normal(0, 0.05, (5, n_seeds)), 2)
    for predicted in (rng.normal(size=5), np.array([1.0, 0.0, 1.0, 1.0, 0.0]), np.zeros(5)):
        contest = _contest(scores)
        assert contest.regret(predicted, k)[0] == pytest.approx(slow_regret(scores, predicted, k), abs=1e-10)
    if n_seeds > 1:
        assert contest.floor[k][0] == pytest.approx(slow_floor(scores, k), abs=1e-10)


def test_a_pool_of_some_is_the_same_as_a_table_of_some() -> None:
    rng = np.random.default_rng(0)
    scores, predicted = 0.6 + rng.normal(0, 0.05, (8, 3)), rng.integers(0, 3, 8).astype(float)
    some = np.array([0, 2, 3, 5, 6, 7])
    mask = np.isin(np.arange(8), some)[None]
    inside = Contest(scores, 0.6, mask).measure(predicted)
    alone = _contest(scores[some], 0.6).measure(predicted[some])
    for name, value in alone.items():
        assert inside[name] == pytest.approx(value, abs=1e-10), name
    oracle_inside = Contest(scores, 0.6, mask).measure_oracle()
    for name, value in _contest(scores[some], 0.6).measure_oracle().items():
        assert oracle_inside[name] == pytest.approx(value, abs=1e-10), name


def test_gain_at_one_is_the_chosen_sources_mean_over_all_seeds() -> None:
    scores = 0.6 + np.random.default_rng(3).normal(0, 0.05, (4, 4))
    found = _contest(scores, 0.55).measure(np.array([0.0, 0.0, 5.0, 1.0]))
    assert found["gain"] == pytest.approx([100 * (scores[2].mean() - 0.55)])


def test_without_a_baseline_there_is_no_gain() -> None:
    found = _contest(0.6 + np.zeros((4, 2)), None).measure(np.arange(4.0))
    assert np.isnan(found["gain"]).all()
    assert np.isfinite(found["regret@1"]).all()


def test_a_hopeless_target_has_no_relative_regret_but_an_order() -> None:
    scores = np.array([[-0.1, -0.2, -0.1], [-0.3, -0.3, -0.3], [-0.5, -0.4, -0.5], [-0.6, -0.7, -0.6]])
    found = _contest(scores).measure(np.array([3.0, 2.0, 1.0, 0.0]))
    assert np.isnan(found["regret@5"]).all()
    assert found["kendall"] == pytest.approx([1.0])


def test_pools_of_one_or_none_are_not_defined() -> None:
    masks = np.array([[True, False, False], [False] * 3, [True, True, False]])
    found = Contest(0.6 + np.arange(9.0).reshape(3, 3) / 100, 0.5, masks).measure(np.arange(3.0))
    for name, value in found.items():
        assert np.isnan(value[:2]).all(), name
        assert np.isfinite(value[2]), name


def test_cross_fitting_takes_three_seeds() -> None:
    assert [Judge(np.ones((4, seeds)), ONE).cross_fitted for seeds in (1, 2, 3)] == [False, False, True]


def test_the_oracle_is_its_own_floor() -> None:
    scores = 0.6 + np.random.default_rng(5).normal(0, 0.05, (6, 3))
    contest = _contest(scores)
    found = contest.measure_oracle()
    for k in (1, 3, 5):
        assert found[f"excess_regret@{k}"] == pytest.approx([0.0])
        assert found[f"regret@{k}"] == pytest.approx(contest.floor[k])
