from __future__ import annotations

import math

import numpy as np
import pytest

from models.calibration.conformal import targets_needed, upper_end


def test_one_value_a_target_gives_the_order_statistic_of_conformal_prediction() -> None:
    random = np.random.default_rng(0)
    for n in (4, 5, 9, 10, 24):
        values = random.normal(size=n)
        k = math.ceil(0.8 * (n + 1))
        assert upper_end(values, np.arange(n), 0.8) == np.sort(values)[k - 1]


def test_every_target_weighs_the_same_whatever_its_rows() -> None:
    random = np.random.default_rng(1)
    targets = np.repeat(np.arange(6), [1, 3, 2, 40, 1, 5])
    values = random.normal(size=(3, len(targets)))
    found = upper_end(values, targets, 0.7)
    for row, end in zip(values, found, strict=True):
        held = [
            np.mean([(row[targets == t] <= limit).mean() for t in range(6)]) for limit in (end, end - 1e-9)
        ]
        # Six targets of seven: the seventh is the new one, at infinity.
        assert held[0] * 6 / 7 >= 0.7 - 1e-9 > held[1] * 6 / 7 - 2e-9


@pytest.mark.parametrize(("coverage", "needed"), [(0.8, 4), (0.9, 9), (0.5, 2), (0.75, 3), (0.95, 19)])
def test_an_end_is_finite_from_as_many_targets_as_are_needed(coverage: float, needed: int) -> None:
    assert targets_needed(coverage) == needed
    assert np.isfinite(upper_end(np.arange(float(needed)), np.arange(needed), coverage))
    if needed > 2:
        fewer = np.arange(needed - 1)
        assert upper_end(fewer.astype(float), fewer, coverage) == np.inf
