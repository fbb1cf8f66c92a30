"""Against the numbers of the code published with LogME (thuml/LogME, MIT), run once and recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.scorers import logme
from models.tasks import Task

PUBLISHED = json.loads((Path(__file__).parent / "published_logme.json").read_text())
CASES = PUBLISHED["cases"]


def _made(case: dict[str, Any]) -> tuple[Any, Any, Task]:
    """The features and labels that were given to the published code."""
    rng = np.random.default_rng(case["seed"])
    ids = np.arange(case["n"]) % case["classes"]
    x = rng.normal(size=(case["n"], case["d"]))
    x += case["signal"] * rng.normal(size=(case["classes"], case["d"]))[ids]
    y = x @ rng.normal(size=case["d"]) / case["d"] ** 0.5 + rng.normal(size=case["n"])
    return (x, y, Task.REGRESSION) if case["task"] == "regression" else (x, ids, Task.CLASSIFICATION)


def _ours(case: dict[str, Any]) -> float:
    x, labels, task = _made(case)
    # Ours divides a regression label by its deviation; theirs does not.
    return logme(x, labels, task) - (float(np.log(np.std(labels))) if task is Task.REGRESSION else 0.0)


@pytest.mark.parametrize("case", [c for c in CASES if c["n"] >= c["d"]], ids=lambda c: f"{c['n']}x{c['d']}")
def test_published_values_agree_to_four_digits(case: dict[str, Any]) -> None:
    score = _ours(case)
    assert score == pytest.approx(case["score"], abs=1e-4)
    assert score >= case["score"] - 1e-9, "a maximum cannot be lower than where an iteration stopped"


@pytest.mark.parametrize("case", [c for c in CASES if c["n"] < c["d"]], ids=lambda c: f"{c['n']}x{c['d']}")
def test_with_fewer_rows_than_dimensions_the_published_form_lacks_a_term(case: dict[str, Any]) -> None:
    missing = np.mean([(case["d"] - case["n"]) / 2 * np.log(alpha) for alpha in case["alphas"]]) / case["n"]
    assert abs(_ours(case) - case["score"]) > 1
    # Their iteration has stopped within a thousandth of lam's own maximum here, and adds 1e-5 to both norms.
    assert _ours(case) == pytest.approx(case["score"] - missing, abs=2e-3)
    assert _ours(case) >= case["score"] - missing
