from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.errors import ArtefactError
from models.esm import ESM, Moments, fit_esm


@pytest.fixture(scope="module")
def esm() -> ESM:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 16))
    y = x + x @ rng.normal(size=(16, 16)) * 0.2 + 0.5
    return fit_esm(Moments.from_pairs(x, y, np.arange(200) % 4, 4), rank=5)


def test_apply_is_the_formula_of_the_design(esm: ESM) -> None:
    x = np.random.default_rng(1).normal(size=(7, 16))
    by_row = [row + esm.u @ (esm.v.T @ row) + esm.b for row in x]
    np.testing.assert_allclose(esm.apply(x), by_row, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "returned"), [(np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)]
)
def test_apply_keeps_the_precision_and_the_input(esm: ESM, given: Any, returned: Any) -> None:
    x = np.ones((3, 16), dtype=given)
    assert esm.apply(x).dtype == returned
    assert (x == 1).all()
    assert esm.apply(x[:0]).shape == (0, 16)


def test_the_two_factors_are_balanced(esm: ESM) -> None:
    np.testing.assert_allclose(np.linalg.norm(esm.u, axis=0), np.linalg.norm(esm.v, axis=0))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_half_precision_loses_about_three_digits(esm: ESM, size: float) -> None:
    scaled = replace(esm, u=esm.u * np.sqrt(size), v=esm.v * np.sqrt(size))
    x = np.random.default_rng(2).normal(size=(50, 16))
    back = ESM.from_arrays(scaled.to_arrays())
    moved = scaled.apply(x) - x
    assert np.linalg.norm(back.apply(x) - scaled.apply(x)) < 2e-3 * np.linalg.norm(moved)


def test_arrays_round_trip_exactly_in_double(esm: ESM) -> None:
    back = ESM.from_arrays(esm.to_arrays(np.float64))
    for name in ("u", "v", "b"):
        np.testing.assert_array_equal(getattr(back, name), getattr(esm, name))
    for name in ("rank", "strength", "heldout_error", "identity_error", "heldout_r2"):
        assert getattr(back, name) == getattr(esm, name)


def test_a_number_too_large_for_half_precision_is_refused(esm: ESM) -> None:
    with pytest.raises(ArtefactError, match="does not fit into float16"):
        replace(esm, b=esm.b + 1e6).to_arrays()


@pytest.mark.parametrize("change", ["missing", "layout", "shape", "nan"])
def test_broken_files_are_refused(esm: ESM, change: str) -> None:
    arrays = esm.to_arrays()
    if change == "missing":
        del arrays["b"]
    elif change == "layout":
        arrays["layout"] = np.array([2])
    elif change == "shape":
        arrays["v"] = arrays["v"][:, 1:]
    else:
        arrays["u"][0, 0] = np.nan
    with pytest.raises(ArtefactError, match="an ESM cannot be used"):
        ESM.from_arrays(arrays)


@pytest.mark.parametrize("shape", [(3, 15), (16,), (2, 2, 16)])
def test_another_width_is_refused(esm: ESM, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtefactError, match="width 16 cannot map"):
        esm.apply(np.ones(shape))


def test_a_full_map_made_elsewhere_is_taken_as_it_is() -> None:
    rng = np.random.default_rng(3)
    weight, bias, x = rng.normal(size=(6, 6)), rng.normal(size=6), rng.normal(size=(4, 6))
    taken = ESM.from_full_map(weight, bias)
    np.testing.assert_allclose(taken.apply(x), x @ weight.T + bias, atol=1e-12)
    assert taken.rank == 6
    assert not taken.better_than_identity
    with pytest.raises(ArtefactError, match="weight of shape"):
        ESM.from_full_map(weight[:3], bias)
    with pytest.raises(ArtefactError, match="not finite"):
        ESM.from_full_map(weight, bias * np.inf)


def test_the_identity_changes_nothing_and_says_nothing_was_measured() -> None:
    x = np.random.default_rng(0).normal(size=(5, 7))
    nothing = ESM.identity(7)
    np.testing.assert_array_equal(nothing.apply(x), x)
    assert nothing.rank == 1
    assert np.isnan(nothing.heldout_error)
