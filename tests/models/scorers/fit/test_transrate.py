from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.blobs import blobs

from models.errors import SettingsError
from models.scorers import SCORERS
from models.tasks import Task

FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "features_and_labels.json").read_text(encoding="utf-8")
)
PAPER, TLLIB = SCORERS["transrate"], SCORERS["transrate_tllib"]


def _rate(z: Any, eps: float) -> float:
    """The coding rate from singular values."""
    return float(np.log1p(np.square(np.linalg.svd(z, compute_uv=False)) / (len(z) * eps)).sum() / 2)


@pytest.mark.parametrize(("n", "d", "eps"), [(60, 8, 1e-4), (30, 50, 1e-4), (60, 8, 0.5)])
def test_both_are_what_they_say(n: int, d: int, eps: float) -> None:
    x, ids = blobs(1, n=n, d=d, c=3, unequal=True)
    z = x - x.mean(axis=0)
    rates = [_rate(z[ids == one], eps) for one in range(3)]
    conditional = sum(rate * np.mean(ids == one) for one, rate in enumerate(rates))
    whole = _rate(z, eps)
    assert PAPER.score(x, ids, Task.CLASSIFICATION, eps=eps) == pytest.approx(whole - conditional, rel=1e-9)
    assert TLLIB.score(x, ids, Task.CLASSIFICATION, eps=eps) == pytest.approx(
        whole - np.mean(rates), rel=1e-9
    )


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"seed{case['inputs']['seed']}")
def test_tllib_gives_the_number_named_after_it_and_the_papers_where_classes_are_equal(
    case: dict[str, Any],
) -> None:
    x, ids = blobs(**case["inputs"])
    assert x.sum() == pytest.approx(case["features_sum"], abs=1e-6)
    theirs = case["tllib_transrate"]
    assert TLLIB.score(x, ids, Task.CLASSIFICATION) == pytest.approx(theirs, rel=1e-8)
    paper = PAPER.score(x, ids, Task.CLASSIFICATION)
    if case["inputs"]["unequal"]:
        assert abs(paper - theirs) > 0.1 * theirs
    else:
        assert paper == pytest.approx(theirs, rel=1e-8)


def test_the_two_rank_features_differently_when_classes_are_unequal() -> None:
    ids = np.repeat([0, 1], [180, 20])
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 30))
    narrow_large, narrow_small = noise.copy(), noise.copy()
    narrow_large[ids == 0] *= 0.3
    narrow_small[ids == 1] *= 0.3
    gap = {
        scorer.name: scorer.score(narrow_large, ids, Task.CLASSIFICATION)
        - scorer.score(narrow_small, ids, Task.CLASSIFICATION)
        for scorer in (PAPER, TLLIB)
    }
    assert gap["transrate"] > 0 > gap["transrate_tllib"]


@pytest.mark.parametrize("scorer", [PAPER, TLLIB], ids=lambda scorer: scorer.name)
def test_doubled_rows_leave_it_alone_and_gapped_labels_are_scored(scorer: Any) -> None:
    # tllib 0.4 itself divides by zero rows for the classes that gapped labels leave out.
    x, ids = blobs(2, n=40, d=6, c=3)
    score = scorer.score(x, ids, Task.CLASSIFICATION)
    twice = scorer.score(np.vstack([x, x]), np.concatenate([ids, ids]), Task.CLASSIFICATION)
    assert twice == pytest.approx(score, rel=1e-9)
    assert scorer.score(x, ids * 7 + 3, Task.CLASSIFICATION) == pytest.approx(score, rel=1e-12)


@pytest.mark.parametrize("scorer", [PAPER, TLLIB], ids=lambda scorer: scorer.name)
@pytest.mark.parametrize("eps", [0.0, -1.0, float("nan")])
def test_an_eps_that_is_not_above_0_is_refused(scorer: Any, eps: float) -> None:
    x, ids = blobs(2, n=40, d=6, c=3)
    with pytest.raises(SettingsError, match="eps"):
        scorer.score(x, ids, Task.CLASSIFICATION, eps=eps)
