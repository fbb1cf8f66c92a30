from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score

from models.evaluation.agreement import Gains, gains_of, kendall, ndcg, precision, spearman
from models.evaluation.choosing import places_of

RNG = np.random.default_rng(0)
TRUTH = np.round(0.6 + RNG.normal(0, 0.05, 12), 2)
MASKS = np.concatenate([np.ones((1, 12), dtype=np.bool_), RNG.random((6, 12)) < 0.7])
RANKINGS = {
    "distinct": RNG.normal(size=12),
    "tied": RNG.integers(0, 4, 12).astype(float),
    "missing": np.where(np.arange(12) % 3 == 0, -np.inf, RNG.normal(size=12)),
}


@pytest.mark.parametrize("name", RANKINGS)
def test_correlations_are_scipys_in_every_pool(name: str) -> None:
    scores = RANKINGS[name]
    for mask, tau, rho in zip(
        MASKS, kendall(scores, TRUTH, MASKS), spearman(scores, TRUTH, MASKS), strict=True
    ):
        assert tau == pytest.approx(stats.kendalltau(scores[mask], TRUTH[mask]).statistic)
        ranks = stats.rankdata(scores[mask]), stats.rankdata(TRUTH[mask])
        assert rho == pytest.approx(stats.pearsonr(*ranks).statistic)


@pytest.mark.parametrize("name", ["distinct", "tied"])
def test_linear_gains_are_scikit_learns_ndcg_in_every_pool(name: str) -> None:
    scores = RANKINGS[name]
    found = ndcg(places_of(scores, MASKS), TRUTH, "linear")
    for mask, value in zip(MASKS, found, strict=True):
        assert value == pytest.approx(ndcg_score([TRUTH[mask]], [scores[mask]]))


def test_exponential_gains_are_two_to_the_points() -> None:
    truth, scores = np.array([0.62, 0.60, 0.61]), np.array([1.0, 3.0, 2.0])
    gain = 2.0 ** (100 * truth) - 1
    discount = 1 / np.log2([2.0, 3.0, 4.0])
    expected = (gain[[1, 2, 0]] * discount).sum() / (gain[[0, 2, 1]] * discount).sum()
    all_of_them = np.ones((1, 3), dtype=np.bool_)
    assert ndcg(places_of(scores, all_of_them), truth, "exponential") == pytest.approx([expected])
    assert gains_of(truth, "exponential") * 2.0**62 == pytest.approx(gain)


def test_ndcg_of_ties_is_the_mean_over_their_orders() -> None:
    truth = np.array([0.62, 0.60, 0.65, 0.61])
    everyone = np.ones((1, 4), dtype=np.bool_)
    orders = [
        ndcg(places_of(np.array(order, dtype=float), everyone), truth, "exponential")[0]
        for order in itertools.permutations(range(4))
    ]
    assert ndcg(places_of(np.zeros(4), everyone), truth, "exponential")[0] == pytest.approx(np.mean(orders))


def test_what_knows_nothing_agrees_with_nothing() -> None:
    assert kendall(np.zeros(12), TRUTH, MASKS) == pytest.approx(0.0)
    assert spearman(np.zeros(12), TRUTH, MASKS) == pytest.approx(0.0)


def test_a_level_truth_cannot_be_ranked() -> None:
    level = np.full(12, 0.5)
    assert np.isnan(kendall(RANKINGS["distinct"], level, MASKS)).all()
    assert np.isnan(spearman(RANKINGS["distinct"], level, MASKS)).all()


def test_ndcg_is_not_defined_where_the_best_gains_nothing() -> None:
    assert np.isnan(
        ndcg(places_of(np.arange(3.0), np.ones((1, 3), dtype=np.bool_)), -np.ones(3), "exponential")
    )


@pytest.mark.parametrize("gains", ["exponential", "linear"])
def test_results_below_zero_gain_nothing_and_ndcg_stays_between_0_and_1(gains: Gains) -> None:
    truth = np.array([0.01, -0.79, -0.03, 0.0])
    everyone = np.ones((1, 4), dtype=np.bool_)
    for order in itertools.permutations(range(4)):
        value = ndcg(places_of(np.array(order, dtype=float), everyone), truth, gains)[0]
        first = 4 - order[0]  # The place of the only one that gains anything.
        assert value == pytest.approx(1 / np.log2(1 + first))


def test_precision_counts_the_best_among_the_first() -> None:
    truth, scores = np.array([0.9, 0.8, 0.7, 0.6]), np.array([4.0, 1.0, 3.0, 2.0])
    everyone = np.ones((1, 4), dtype=np.bool_)
    places = places_of(scores, everyone)
    assert [precision(places, truth, k)[0] for k in (1, 2, 3, 4, 9)] == pytest.approx([1, 0.5, 2 / 3, 1, 1])
    assert precision(places_of(np.zeros(4), everyone), truth, 2)[0] == pytest.approx(0.5)
