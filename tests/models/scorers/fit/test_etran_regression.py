from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from models.errors import SettingsError
from models.scorers.fit.etran_regression import SCORER
from models.tasks import Task


def _data(n: int, d: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.geomspace(1, 0.1, d) + 2
    return x, 30 + 4 * (x @ rng.normal(size=d)) + rng.normal(size=n)


def _by_definition(x: Any, y: Any, energy: float) -> float:
    """Least squares, intercept included, on the leading principal coordinates, taken in one by one."""
    left, sizes, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    kept, held = 0, 0.0
    while held < energy * np.square(sizes).sum() * (1 - 1e-12):
        held += sizes[kept] ** 2
        kept += 1
    design = np.column_stack([np.ones(len(y)), left[:, :kept]])
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(-np.mean((y - fitted) ** 2) / np.var(y))


@pytest.mark.parametrize("energy", [0.3, 0.8, 1.0])
@pytest.mark.parametrize(("n", "d"), [(40, 6), (15, 30), (20, 1)])
def test_it_is_the_error_of_least_squares_on_the_leading_directions(n: int, d: int, energy: float) -> None:
    x, y = _data(n, d)
    found = SCORER.score(x, y, Task.REGRESSION, energy=energy)
    assert found == pytest.approx(_by_definition(x, y, energy), abs=1e-9)


def test_a_share_that_is_reached_exactly_takes_in_no_further_direction() -> None:
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    x, y = signs * [np.sqrt(3), 1.0], signs.sum(axis=1)
    assert SCORER.score(x, y, Task.REGRESSION, energy=0.75) == pytest.approx(-0.5)
    assert SCORER.score(x, y, Task.REGRESSION, energy=0.7501) == pytest.approx(0.0)


def test_more_directions_never_fit_worse_and_all_of_them_fit_a_wide_matrix() -> None:
    x, y = _data(15, 30)
    scores = [SCORER.score(x, y, Task.REGRESSION, energy=share) for share in np.linspace(0.05, 1, 20)]
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(scores))
    assert scores[-1] == pytest.approx(0, abs=1e-9)


def test_the_unit_and_the_zero_of_the_labels_do_not_matter() -> None:
    x, y = _data(40, 6)
    assert SCORER.score(x, 5 - 0.01 * y, Task.REGRESSION) == pytest.approx(
        SCORER.score(x, y, Task.REGRESSION)
    )


def test_doubled_rows_and_columns_without_spread_change_nothing() -> None:
    x, y = _data(40, 6)
    expected = SCORER.score(x, y, Task.REGRESSION)
    twice = SCORER.score(np.tile(x, (2, 1)), np.tile(y, 2), Task.REGRESSION)
    padded = SCORER.score(np.column_stack([x, np.full((40, 3), 9.0)]), y, Task.REGRESSION)
    assert twice == pytest.approx(expected, abs=1e-12)
    assert padded == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("energy", [0.0, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(energy: float) -> None:
    x, y = _data(20, 3)
    with pytest.raises(SettingsError, match="energy is"):
        SCORER.score(x, y, Task.REGRESSION, energy=energy)
