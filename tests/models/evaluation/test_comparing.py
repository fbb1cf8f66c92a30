from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.transfer_truth import made_up_truths

from models.evaluation import KS, MEASURES, ORACLE, RANDOM, Comparison, compare, groups_needed

EXACT = made_up_truths(4, 12, 3, noise=0.0)
NOISY = made_up_truths(5, 12, 3)


def _compare(truths: list, predictions: dict, **more: object) -> Comparison:
    n_sources = 1 + max(int(one.members.max()) for one in truths)
    return compare(truths, predictions, np.arange(n_sources), **({"resamples": 50} | more))  # type: ignore[arg-type]


def _values(comparison: Comparison, name: str) -> dict[str, float | None]:
    return {measure: comparison.mean(name, measure).value for measure in MEASURES}


def test_who_knows_a_truth_without_noise_has_no_regret() -> None:
    found = _compare(EXACT, {"knows": [one.scores[:, 0] for one in EXACT]})
    for k in KS:
        for name in (f"regret@{k}", f"excess_regret@{k}", f"mean_regret@{k}"):
            assert found.mean("knows", name).value == pytest.approx(0.0, abs=1e-10)
        assert found.mean("knows", f"precision@{k}").value == pytest.approx(1.0)
        assert found.floor(k).value == pytest.approx(0.0, abs=1e-10)
    for name in ("ndcg", "ndcg_linear", "kendall", "spearman"):
        assert found.mean("knows", name).value == pytest.approx(1.0)


def test_who_turns_it_round_does_worse_than_chance() -> None:
    found = _compare(EXACT, {"wrong": [-one.scores[:, 0] for one in EXACT]})
    wrong, chance = _values(found, "wrong"), _values(found, RANDOM)
    assert wrong["kendall"] == pytest.approx(-1.0)
    for name in ("regret@1", "regret@3", "regret@5", "mean_regret@3"):
        assert (wrong[name] or 0) > (chance[name] or 0) > 0
    for name in ("ndcg", "ndcg_linear", "gain", "gain@5"):
        assert (wrong[name] or 0) < (chance[name] or 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_only_the_order_of_scores_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = [rng.integers(0, 6, 12).astype(float) for _ in NOISY]
    found = _compare(NOISY, {"a": scores, "b": [np.exp(one) - 7 for one in scores]}, resamples=5)
    for measure in MEASURES:
        assert found.mean("a", measure) == found.mean("b", measure), measure


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_names_of_sources_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(12)
    scores = [rng.normal(size=12) for _ in NOISY]
    moved = [dataclasses.replace(one, scores=one.scores[order]) for one in NOISY]
    before = _values(_compare(NOISY, {"a": scores}, resamples=2), "a")
    after = _values(_compare(moved, {"a": [one[order] for one in scores]}, resamples=2), "a")
    for measure, value in before.items():
        assert after[measure] == pytest.approx(value, abs=1e-9), measure


def test_excess_is_regret_less_the_floor() -> None:
    found = _compare(NOISY, {"a": [np.random.default_rng(t).normal(size=12) for t in range(5)]})
    for k in KS:
        excess, regret, floor = (
            found.mean("a", f"excess_regret@{k}").value,
            found.mean("a", f"regret@{k}").value,
            found.floor(k).value,
        )
        assert None not in (excess, regret, floor)
        assert excess == pytest.approx((regret or 0) - (floor or 0))
        assert found.mean(ORACLE, f"excess_regret@{k}").value == pytest.approx(0.0, abs=1e-10)
    oracle = found.mean(ORACLE, "excess_regret@3")
    assert (oracle.low, oracle.high) == pytest.approx((0.0, 0.0), abs=1e-10)


@pytest.mark.parametrize(
    ("measure", "least"), [("regret@5", 15), ("gain@3", 9), ("regret@1", 8), ("kendall", 8)]
)
def test_small_pools_have_no_interval(measure: str, least: int) -> None:
    assert groups_needed(measure) == least
    for groups in (least - 1, least):
        truths = made_up_truths(4, 16, 2, seed=5)
        scores = [one.scores[:, 0] for one in truths]
        found = compare(truths, {"a": scores}, np.arange(16) % groups, resamples=50).mean("a", measure)
        assert found.value is not None
        assert (found.low is None, found.high is None) == (groups < least, groups < least)


def test_one_target_has_no_interval() -> None:
    truths = made_up_truths(1, 20, 3, seed=6)
    found = _compare(truths, {"a": [truths[0].scores[:, 0]]}, resamples=50)
    assert found.mean("a", "kendall").value is not None
    assert found.mean("a", "kendall").low is None
    assert found.floor(1).low is None


def test_chance_draws_are_what_random_expects() -> None:
    rng = np.random.default_rng(0)
    draws = {f"r{i}": [rng.normal(size=12) for _ in NOISY] for i in range(150)}
    found = _compare(NOISY, draws, resamples=2)
    for measure in ("regret@1", "regret@5", "mean_regret@3", "precision@3", "gain@3", "ndcg", "kendall"):
        values = np.array([found.mean(name, measure).value for name in draws])
        error = values.std() / np.sqrt(len(values))
        expected = found.mean(RANDOM, measure).value
        assert expected is not None
        assert abs(values.mean() - expected) < 4 * error, measure


def test_intervals_hold_the_estimate_and_shrink_with_more_targets() -> None:
    wide, narrow = made_up_truths(6, 20, 3, seed=1), made_up_truths(48, 20, 3, seed=1)
    widths = []
    for truths in (wide, narrow):
        rng = np.random.default_rng(2)
        scores = [one.scores.mean(axis=1) + rng.normal(0, 0.03, 20) for one in truths]
        found = _compare(truths, {"a": scores}, resamples=300)
        spread = found.mean("a", "kendall")
        assert spread.value is not None
        assert spread.low is not None
        assert spread.high is not None
        assert spread.low < spread.value < spread.high
        widths.append(spread.high - spread.low)
    assert widths[1] < 0.75 * widths[0]


def test_sources_of_one_group_are_drawn_together() -> None:
    truths = made_up_truths(6, 24, 3, seed=3)
    rng = np.random.default_rng(4)
    # Eight groups of three sources each, on which the scorer is right or wrong as a whole.
    skill = np.repeat([1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0], 3)
    scores = [skill * (one.scores.mean(axis=1) - 0.7) + rng.normal(0, 0.005, 24) for one in truths]
    alone = compare(truths, {"a": scores}, np.arange(24), resamples=400).mean("a", "kendall")
    grouped = compare(truths, {"a": scores}, np.repeat(np.arange(8), 3), resamples=400).mean("a", "kendall")
    assert alone.value == grouped.value
    assert None not in (alone.low, alone.high, grouped.low, grouped.high)
    assert (grouped.high or 0) - (grouped.low or 0) > 1.2 * ((alone.high or 0) - (alone.low or 0))


def test_a_scorer_without_a_target_is_a_mean_over_the_others() -> None:
    scores = [one.scores.mean(axis=1) for one in NOISY]
    partly = [None, *scores[1:]]
    found = _compare(NOISY, {"all": scores, "partly": partly})
    assert found.targets("partly", "kendall") == 4
    assert found.on_target("partly", "kendall", 0) is None
    without = _compare(NOISY[1:], {"all": scores[1:]})
    assert found.mean("partly", "regret@5").value == pytest.approx(without.mean("all", "regret@5").value)
    gap, targets = found.difference("all", "partly", "excess_regret@5")
    assert targets == 4
    assert gap.value == pytest.approx(0.0, abs=1e-12)


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(6)
    scores = [one.scores.mean(axis=1) + rng.normal(0, 0.02, 12) for one in NOISY]
    found = _compare(NOISY, {"a": scores, "b": [2 * one for one in scores], "c": [-one for one in scores]})
    same, _ = found.difference("a", "b", "regret@3")
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    gap, _ = found.difference("a", "c", "regret@1")
    one, other = found.mean("a", "regret@1").value, found.mean("c", "regret@1").value
    assert gap.value == pytest.approx((one or 0) - (other or 0))


def test_one_seed_of_the_draws_gives_one_answer() -> None:
    given = {"a": [one.scores[:, 0] for one in NOISY]}
    first, again, other = (_compare(NOISY, given, seed=seed).mean("a", "kendall") for seed in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert first.low != other.low


def test_one_seed_of_the_results_has_no_floor() -> None:
    truths = made_up_truths(3, 6, 1)
    found = _compare(truths, {"a": [one.scores[:, 0] for one in truths]})
    assert found.floor(5).value is None
    assert found.mean("a", "excess_regret@5").value is None
    assert found.mean("a", "regret@1").value == pytest.approx(0.0)
    assert found.targets(ORACLE, "kendall") == 0


def test_no_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="no target"):
        compare([], {}, np.arange(3))
