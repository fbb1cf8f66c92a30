from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from models.errors import ScoringError, SettingsError
from models.scorers.fit import pactran_gauss
from models.scorers.fit.pactran_gauss import SCORER, laplace_parts
from models.tasks import Task

REFERENCE = json.loads((Path(__file__).parents[1] / "fixtures" / "pactran_gauss.json").read_text())
RUNS = [(case, run) for case in REFERENCE["cases"] for run in case["runs"]]


def _data(n: int, d: int, c: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    ids = np.concatenate([np.arange(c), rng.integers(0, c, size=n - c)])
    return rng.normal(size=(n, d)) + rng.normal(size=(c, d))[ids] + 1, ids


def _mean_loss(theta: Any, x: Any, ids: Any, c: int) -> float:
    weights = theta.reshape(x.shape[1] + 1, c)
    logits = x @ weights[:-1] + weights[-1]
    total = np.log(np.exp(logits - logits.max(1)[:, None]).sum(1)) + logits.max(1)
    return float(np.mean(total - logits[np.arange(len(x)), ids]))


def _by_definition(x: Any, ids: Any, strength: float, variance: float) -> float:
    """The bound itself, its Hessian by differences and its posterior variance by search."""
    (n, d), c = x.shape, ids.max() + 1
    x = x - x.mean(axis=0)
    prior = variance / d
    temperature = strength * n / prior
    penalised = lambda t: _mean_loss(t, x, ids, c) + np.square(t[: d * c]).sum() / (2 * temperature * prior)  # noqa: E731
    best = minimize(penalised, np.zeros((d + 1) * c), method="BFGS", options={"gtol": 1e-7, "maxiter": 2000})
    width, trace = 1e-3, 0.0
    for place in np.eye((d + 1) * c):
        sides = [_mean_loss(best.x + s * width * place, x, ids, c) for s in (-1, 0, 1)]
        trace += (sides[0] - 2 * sides[1] + sides[2]) / width**2

    def bound(log_q: float) -> float:
        q = np.exp(log_q)
        size = np.square(best.x[: d * c]).sum()
        divergence = (d * c * (q / prior - 1 - np.log(q / prior)) + size / prior) / 2
        return float(_mean_loss(best.x, x, ids, c) + q * trace / 2 + divergence / temperature)

    return float(minimize_scalar(bound, bounds=(-30, 10), method="bounded", options={"xatol": 1e-10}).fun)


@pytest.mark.parametrize(("strength", "variance"), [(1.0, 10.0), (0.1, 1.0), (10.0, 100.0)])
@pytest.mark.parametrize(("n", "d", "c"), [(40, 3, 3), (30, 4, 2), (8, 12, 2)])
def test_it_is_the_least_bound(n: int, d: int, c: int, strength: float, variance: float) -> None:
    x, ids = _data(n, d, c)
    found = SCORER.score(x, ids, Task.CLASSIFICATION, strength=strength, variance=variance)
    assert found == pytest.approx(_by_definition(x, ids, strength, variance), rel=2e-5)


@pytest.mark.parametrize(("case", "run"), RUNS, ids=[str(number) for number in range(len(RUNS))])
def test_the_published_code_comes_near_and_never_below_the_minimum(case: Any, run: Any) -> None:
    """It stops loosely (100 steps, tolerance 1e-6): up to 1e-3 away."""
    x, ids = np.array(case["features"]), np.array(case["labels"])
    objective, _ = laplace_parts(x, np.eye(ids.max() + 1)[ids], run["strength"])
    assert objective <= run["pac_opt"] + 1e-9
    assert objective == pytest.approx(run["pac_opt"], abs=2e-5)
    for reference in run["scores"]:
        found = SCORER.score(
            x, ids, Task.CLASSIFICATION, strength=run["strength"], variance=reference["variance"], summed=True
        )
        assert found == pytest.approx(reference["pac_gauss"], rel=1e-3)


def test_classes_apart_score_lower_than_noise() -> None:
    rng = np.random.default_rng(0)
    ids = np.arange(90) % 3
    noise = rng.normal(size=(90, 5))
    apart = noise + 4 * np.eye(3, 5)[ids]
    assert not SCORER.higher_is_better
    assert SCORER.score(apart, ids, Task.CLASSIFICATION) < SCORER.score(noise, ids, Task.CLASSIFICATION)


def test_columns_without_spread_leave_the_fit_alone() -> None:
    x, ids = _data(40, 4)
    objective, trace = laplace_parts(x, np.eye(3)[ids], 1.0)
    padded = laplace_parts(np.column_stack([x, np.full((40, 5), 2.0)]), np.eye(3)[ids], 1.0)
    assert padded == pytest.approx((objective, trace), rel=1e-8)


@pytest.mark.parametrize("settings", [{"strength": 0.0}, {"variance": -1.0}, {"strength": float("nan")}])
def test_settings_that_are_no_prior_are_refused(settings: dict[str, Any]) -> None:
    x, ids = _data(20, 3)
    with pytest.raises(SettingsError, match="give no prior"):
        SCORER.score(x, ids, Task.CLASSIFICATION, **settings)


def test_a_fit_that_does_not_settle_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    x, ids = _data(40, 3)
    monkeypatch.setattr(pactran_gauss, "STEPS", 2)
    with pytest.raises(ScoringError, match="did not settle"):
        SCORER.score(x, ids, Task.CLASSIFICATION)
