"""On made-up evidence with known truth: intervals hold for new targets, and scores are used where they tell."""

from __future__ import annotations

import numpy as np
import pytest
from support.transfer_evidence import World, made_up

from models.calibration import METHODS, Evidence, Pairs, calibrate, filled_stderr, hold_out
from models.calibration.columns import popularity
from models.calibration.holdout import wilson
from models.errors import InputsError, SettingsError

SIGNAL = World(slope=1.2, target=1.0, source=0.7, pair=0.6, run=1.0, mean=-0.5)
NOTHING = World(target=1.0, pair=0.7, run=1.0, mean=0.3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("world", [SIGNAL, NOTHING], ids=["signal", "nothing"])
def test_intervals_hold_for_a_new_target(method: str, world: World) -> None:
    repeats = 12 if method in ("mixed", "quantile") else 60
    held, true = [], []
    for seed in range(repeats):
        evidence, truth = made_up(world, sources=8, targets=10, seed=seed)
        new = evidence.pairs.targets == 9
        told = calibrate(evidence.where(~new), method).gains(evidence.pairs.where(new).as_new_target())
        held.append(((told.low <= evidence.gains[new]) & (evidence.gains[new] <= told.high)).mean())
        true.append(((told.low <= truth[new]) & (truth[new] <= told.high)).mean())
    # Sources share a target's offset: a target is one draw, and its share varies as much as a coin's at most.
    error = np.sqrt(0.8 * 0.2 / repeats)
    assert np.mean(held) >= 0.8 - 2.5 * error
    assert np.mean(true) >= np.mean(held) - 0.02
    if repeats > 50:
        assert np.mean(held) <= 0.8 + 1 / 10 + 2.5 * error


def test_intervals_by_rows_would_not_hold_for_a_new_target() -> None:
    world, held = World(target=2.0, pair=0.2), {"rows": 0.0, "targets": 0.0}
    for seed in range(120):
        evidence, _ = made_up(world, sources=10, targets=6, seed=seed)
        new = evidence.pairs.targets >= 5
        rest = evidence.where(~new)
        as_rows = Evidence(
            Pairs(rest.pairs.features, rest.pairs.sources, np.arange(len(rest))), rest.gains, rest.stderr
        )
        for name, known in (("rows", as_rows), ("targets", rest)):
            told = calibrate(known, "mean").gains(evidence.pairs.where(new).as_new_target())
            inside = (told.low <= evidence.gains[new]) & (evidence.gains[new] <= told.high)
            held[name] += inside.mean() / 120
    assert held["targets"] >= 0.8 - 2.5 * np.sqrt(0.8 * 0.2 / 120)
    assert held["rows"] < held["targets"] - 0.08


@pytest.mark.parametrize("method", ["isotonic", "linear", "quantile", "mixed"])
def test_what_tells_is_used_and_what_does_not_falls_back_to_the_mean(method: str) -> None:
    told, _ = made_up(SIGNAL, sources=20, targets=7, seed=3)
    checks = hold_out(told, method, 0.8).checks
    error, of_mean = (np.mean([getattr(one, name) for one in checks]) for name in ("error", "error_of_mean"))
    assert error < 0.85 * of_mean
    assert np.mean([one.correlation for one in checks]) > 0.5
    blind, _ = made_up(NOTHING, sources=20, targets=7, seed=3)
    checks = hold_out(blind, method, 0.8).checks
    error, of_mean = (np.mean([getattr(one, name) for one in checks]) for name in ("error", "error_of_mean"))
    assert abs(error - of_mean) < 0.12 * of_mean


def test_a_result_on_the_target_itself_moves_what_is_expected_there() -> None:
    evidence, _ = made_up(World(target=2.0, pair=0.3, run=0.3), sources=10, targets=8, seed=0)
    one = Pairs(evidence.pairs.features[:1], np.array([0]), np.array([8]))
    joined = Pairs(
        *(
            np.concatenate([getattr(evidence.pairs, name), getattr(one, name)])
            for name in ("features", "sources", "targets")
        )
    )
    asked = Pairs(evidence.pairs.features[1:5], np.arange(1, 5), np.full(4, 8))
    expected = []
    for gain in (-6.0, 6.0):
        more = Evidence(joined, np.append(evidence.gains, gain), np.append(evidence.stderr, 0.2))
        expected.append(calibrate(more, "mixed").gains(asked).expected)
    assert (expected[1] - expected[0] > 4).all()


@pytest.mark.parametrize("method", METHODS)
def test_numbers_and_order_of_targets_and_sources_change_nothing(method: str) -> None:
    evidence, _ = made_up(SIGNAL, sources=7, targets=6, seed=5)
    random = np.random.default_rng(0)
    order, target, source = random.permutation(42), random.permutation(6), random.permutation(7)
    pairs = evidence.pairs
    other = Evidence(
        Pairs(pairs.features[order], source[pairs.sources[order]], target[pairs.targets[order]]),
        evidence.gains[order],
        evidence.stderr[order],
    )
    asked = pairs.where(pairs.targets == 0).as_new_target()
    again = Pairs(asked.features, source[asked.sources], asked.targets)
    one, two = calibrate(evidence, method).gains(asked), calibrate(other, method).gains(again)
    for name in ("expected", "low", "high"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=5e-3)


@pytest.mark.parametrize("method", METHODS)
def test_missing_features_unknown_sources_and_tiny_evidence_still_give_numbers(method: str) -> None:
    evidence, _ = made_up(SIGNAL, sources=1, targets=4, seed=7)
    features = np.full((3, 5), np.nan)
    features[:, :2] = [[0, 0], [50, 1], [-50, -1]]
    told = calibrate(evidence, method).gains(Pairs(features, np.array([-1, 0, 99]), np.array([-1, 2, -1])))
    assert np.isfinite([told.expected, told.low, told.high]).all()
    assert (told.low <= told.expected).all()
    assert (told.expected <= told.high).all()
    # Nothing is drawn out beyond what was seen: a lift of 50 is as good as the best one known.
    assert np.abs(told.expected).max() < 20


def test_many_pairs_at_once_are_told_like_few() -> None:
    evidence, _ = made_up(SIGNAL, sources=6, targets=5, seed=2)
    calibration = calibrate(evidence, "linear")
    features = np.random.default_rng(0).normal(size=(700, 5))
    many = Pairs(features, np.full(700, -1), np.full(700, -1))
    told, few = calibration.gains(many), calibration.gains(many.where(np.arange(700) >= 690))
    np.testing.assert_allclose(told.low[690:], few.low)
    assert calibration.gains(many.where(np.zeros(700, dtype=bool))).expected.shape == (0,)


def test_how_left_out_targets_were_covered() -> None:
    evidence, _ = made_up(NOTHING, sources=12, targets=8, seed=1)
    covered = calibrate(evidence, "mean").covered
    assert list(covered) == list(range(8))
    # For the mean, whose units are points, it is nearly what the whole procedure gives for each target.
    found = {one.target: one.covered for one in hold_out(evidence, "mean", 0.8).checks}
    assert np.mean([abs(covered[t] - found[t]) for t in found]) < 0.12
    assert set(calibrate(evidence.where(evidence.pairs.targets < 4), "mean").covered.values()) == {None}


def test_popularity_is_the_shrunk_mean_on_other_targets() -> None:
    evidence, _ = made_up(SIGNAL, sources=4, targets=3, seed=0)
    gains = evidence.gains.reshape(3, 4)
    better = gains - gains.mean(axis=1, keepdims=True)
    asked = Pairs(np.zeros((4, 5)), np.array([2, 2, -1, 9]), np.array([-1, 1, -1, 0]))
    expected = [better[:, 2].sum() / 5, better[[0, 2], 2].sum() / 4, 0.0, 0.0]
    np.testing.assert_allclose(popularity(evidence, asked), expected)


def test_noise_of_few_seeds_is_taken_together() -> None:
    stderr = np.array([0.0, 2.0, np.nan, 1.0, np.nan])
    seeds, targets = np.array([3, 3, 1, 2, 1]), np.array([0, 0, 0, 1, 2])
    filled = filled_stderr(stderr, seeds, targets)
    of_run = (0 * 2 + 12 * 2) / 4  # the variance of a run on target 0
    assert filled[2] == pytest.approx(np.sqrt(of_run))
    assert filled[0] == pytest.approx(np.sqrt((4 * of_run + 0) / 6 / 3))
    assert filled[3] == pytest.approx(np.sqrt((4 * 2 + 2) / 5 / 2))
    assert filled[4] == pytest.approx(np.sqrt((24 + 2) / 5))
    assert filled_stderr(np.array([np.nan]), np.array([1]), np.array([0])) == 0


def test_wilson_agrees_with_scipy() -> None:
    from scipy.stats import binomtest

    for hits, n in ((0, 5), (4, 5), (5, 5), (17, 24)):
        interval = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((interval.low, interval.high))


def test_what_cannot_be_calibrated_is_refused() -> None:
    evidence, _ = made_up(NOTHING, sources=5, targets=3, seed=0)
    with pytest.raises(InputsError, match="3 targets, and intervals that hold 80% need 4"):
        calibrate(evidence)
    with pytest.raises(SettingsError, match="'isotopic'"):
        calibrate(evidence, "isotopic")
    with pytest.raises(InputsError, match="not finite"):
        Evidence(evidence.pairs, evidence.gains * np.nan, evidence.stderr)
