from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.errors import SettingsError
from models.scorers.fit.ped import SCORER, moved_features, potential_energy
from models.scorers.registry import get_scorer
from models.tasks import Task


def _data(n: int = 60, d: int = 6, c: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = np.concatenate([np.arange(c), rng.integers(0, c, size=n - c)])
    return rng.normal(size=(n, d)) + rng.normal(size=(c, d))[ids], ids


def _balls(x: Any, ids: Any) -> tuple[Any, Any]:
    """Centres in full space, and radii of what lies along the space they span."""
    centres = np.array([x[ids == k].mean(axis=0) for k in range(ids.max() + 1)])
    spanned = np.linalg.pinv(centres - centres[0]) @ (centres - centres[0])
    radii = [
        np.sqrt(np.mean([np.linalg.norm((row - centres[k]) @ spanned) ** 2 for row in x[ids == k]]))
        for k in range(len(centres))
    ]
    return centres, np.array(radii)


def _moved_by_definition(x: Any, ids: Any, step: float) -> Any:
    centres, radii = _balls(x, ids)
    moved = x.copy()
    for i in range(len(centres)):
        force = np.zeros(x.shape[1])
        for j in range(len(centres)):
            line = centres[i] - centres[j]
            gap = np.linalg.norm(line)
            if i != j and gap < radii[i] + radii[j]:
                force += (radii[i] + radii[j] - gap) * line / gap
        mass = (ids == i).sum() * len(centres) / len(ids)
        moved[ids == i] += step * force / mass
    return moved


@pytest.mark.parametrize(("n", "d", "c"), [(60, 6, 3), (12, 30, 4), (40, 2, 5)])
def test_each_class_moves_as_its_force_says(n: int, d: int, c: int) -> None:
    x, ids = _data(n, d, c)
    found = moved_features(x, ids, step=0.02)
    np.testing.assert_allclose(found, _moved_by_definition(x, ids, 0.02), atol=1e-10)
    again = _moved_by_definition(_moved_by_definition(x, ids, 0.02), ids, 0.02)
    if c - 1 >= d:
        return
    # Further moves keep to the space of the first, which a few classes never leave.
    np.testing.assert_allclose(moved_features(x, ids, step=0.02, rounds=2), again, atol=1e-9)


@pytest.mark.parametrize("step", [0.1, 1.0, 1000.0])
def test_the_energy_falls_and_the_centre_of_mass_stays(step: float) -> None:
    x, ids = _data()
    moved = moved_features(x, ids, step=step)
    before, after = (potential_energy(*_balls(rows, ids)) for rows in (x, moved))
    assert after < before
    np.testing.assert_allclose(moved.mean(axis=0), x.mean(axis=0), atol=1e-12)


def test_a_move_that_would_raise_the_energy_is_shortened() -> None:
    """A light class between two heavy ones, which one of them would throw onto the other."""
    at, ids = np.repeat([0.0, 1.0, 10.0], [10, 2, 10]), np.repeat([0, 1, 2], [10, 2, 10])
    x = (at + np.tile([-3.0, 3.0], 11))[:, None]
    thrown = _moved_by_definition(x, ids, 0.5)
    assert potential_energy(*_balls(thrown, ids)) > potential_energy(*_balls(x, ids))
    moved = moved_features(x, ids, step=0.5)
    assert potential_energy(*_balls(moved, ids)) < potential_energy(*_balls(x, ids))
    np.testing.assert_allclose(moved, _moved_by_definition(x, ids, 0.25))


def test_two_equal_classes_are_clear_of_each_other_after_half_a_step() -> None:
    x = np.array([[-1.0], [3.0], [0.0], [4.0]])
    moved = moved_features(x, np.array([0, 0, 1, 1]), step=0.5)
    np.testing.assert_allclose(moved.ravel(), [-2.5, 1.5, 1.5, 5.5])
    np.testing.assert_array_equal(moved_features(moved, np.array([0, 0, 1, 1])), moved)


def test_what_does_not_overlap_or_has_no_line_between_stays() -> None:
    far = np.array([[0.0, 0.0], [1.0, 0.0], [50.0, 0.0], [51.0, 0.0]])
    np.testing.assert_array_equal(moved_features(far, np.array([0, 0, 1, 1])), far)
    same = np.array([[0.0, 1.0], [0.0, -1.0], [2.0, 0.0], [-2.0, 0.0]])
    np.testing.assert_array_equal(moved_features(same, np.array([0, 0, 1, 1])), same)
    lone = np.eye(3)
    np.testing.assert_array_equal(moved_features(lone, np.arange(3)), lone)


def test_scaled_shifted_and_rotated_features_move_alike() -> None:
    x, ids = _data()
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0]
    expected = 5 * moved_features(x, ids) @ turn + 2
    np.testing.assert_allclose(moved_features(5 * x @ turn + 2, ids), expected, atol=1e-9)


@pytest.mark.parametrize("inner", ["logme", "lfc", "tmi", "parc"])
def test_the_inner_scorer_sees_the_moved_features(inner: str) -> None:
    x, ids = _data()
    moved = get_scorer(inner).score(moved_features(x, ids, step=0.2), ids, Task.CLASSIFICATION)
    assert SCORER.score(x, ids, Task.CLASSIFICATION, inner=inner, step=0.2) == pytest.approx(moved)
    still = get_scorer(inner).score(x, ids, Task.CLASSIFICATION)
    assert SCORER.score(x, ids, Task.CLASSIFICATION, inner=inner, step=0.0) == pytest.approx(still)


def test_motion_makes_classes_easier_to_tell_for_logme() -> None:
    x, ids = _data()
    still, moved = (SCORER.score(x, ids, Task.CLASSIFICATION, step=step) for step in (0.0, 0.2))
    assert moved > still


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"inner": "ped"}, "cannot be the inner scorer"),
        ({"inner": "etran_regression"}, "cannot be the inner scorer"),
        ({"inner": "pactran_gauss"}, "lower is better"),
        ({"inner": "logmee"}, "no scorer is called"),
        ({"step": -1.0}, "no motion"),
        ({"step": float("nan")}, "no motion"),
        ({"rounds": -1}, "no motion"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    x, ids = _data()
    with pytest.raises(SettingsError, match=said):
        SCORER.score(x, ids, Task.CLASSIFICATION, **settings)
