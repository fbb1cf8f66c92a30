from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.special import log_softmax
from sklearn.covariance import ledoit_wolf
from support.blobs import blobs

from models.errors import ScoringError, SettingsError
from models.scorers import SCORERS
from models.scorers.fit.sfda import log_probabilities
from models.tasks import Task

SFDA = SCORERS["sfda"]
PAPER = {"leave_out": False, "relative": False, "shrink": False}


def _score(x: Any, ids: Any, **settings: Any) -> float:
    return SFDA.score(x, ids, Task.CLASSIFICATION, **settings)


def _scatter(x: Any, ids: Any, a: float) -> Any:
    within = x - np.array([x[ids == one].mean(axis=0) for one in ids])
    scatter = within.T @ within / len(x)
    share = np.exp(-a * np.linalg.eigvalsh(scatter)[-1])
    return (1 - share) * scatter + share * np.eye(x.shape[1])


def _in_fisher_space(x: Any, ids: Any, a: float) -> Any:
    """Log probabilities by the paper's projection: generalised eigenvectors U, and f'UU'm - m'UU'm/2 + log q."""
    labels, counts = np.unique(ids, return_counts=True)
    means = np.array([x[ids == one].mean(axis=0) for one in labels])
    apart = means - x.mean(axis=0)
    u = eigh((apart.T * counts) @ apart / len(x), _scatter(x, ids, a))[1][:, -(len(labels) - 1) :]
    f, m = x @ u, means @ u
    logits = f @ m.T - np.square(m).sum(axis=1) / 2 + np.log(counts / len(x))
    return log_softmax(logits, axis=1)[np.arange(len(x)), ids]


@pytest.mark.parametrize("a", [0.1, 1.0])
def test_with_the_papers_settings_it_is_the_papers_definition(a: float) -> None:
    x, ids = blobs(0, n=80, d=6, c=3, spread=0.6, unequal=True)
    sure = np.exp(_in_fisher_space(x, ids, a))[:, None]
    others = np.array([x[ids != one].mean(axis=0) for one in ids])
    expected = _in_fisher_space(sure * x + (1 - sure) * others, ids, a).mean()
    assert -1 < expected < -0.01
    assert _score(x, ids, a=a, **PAPER) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(24, 5), (24, 40)])
def test_leaving_a_row_out_is_what_a_discriminant_without_it_says(n: int, d: int) -> None:
    x, ids = blobs(1, n=n, d=d, c=3, spread=0.5, unequal=True)
    one_hot = np.eye(3)[ids]
    found = log_probabilities(x, one_hot, 0.3, leave_out=True, relative=True, shrink=True)
    within = x - np.array([x[ids == one].mean(axis=0) for one in ids])
    unit = np.square(within).sum() / n / d
    share = np.exp(-0.3 * np.linalg.eigvalsh(within.T @ within / n)[-1] / unit)
    intensity = ledoit_wolf(within, assume_centered=True)[1]
    for row in range(n):
        kept = np.arange(n) != row
        x_kept, ids_kept = x[kept], ids[kept]
        means = np.array([x_kept[ids_kept == one].mean(axis=0) for one in range(3)])
        rest = x_kept - means[ids_kept]
        scatter = (1 - share) * rest.T @ rest / (n - 1) + share * unit * np.eye(d)
        scatter = (1 - intensity) * scatter + intensity * unit * np.eye(d)
        apart = x[row] - means
        far = np.einsum("ci,ci->c", apart, np.linalg.solve(scatter, apart.T).T)
        logits = np.log(np.bincount(ids_kept)) - far / 2
        assert found[row] == pytest.approx(log_softmax(logits)[ids[row]], rel=1e-7, abs=1e-9)


def test_the_papers_form_saturates_with_few_rows_and_ours_tells_sources_apart() -> None:
    worse = blobs(2, n=60, d=200, c=4, spread=0.0)
    better = blobs(2, n=60, d=200, c=4, spread=0.5)
    for x, ids in (worse, better):
        assert _score(x, ids, leave_out=False, shrink=False) == pytest.approx(0.0, abs=1e-9)
        assert _score(x, ids, leave_out=False) > -0.01
    assert _score(*worse) < -np.log(4)
    assert _score(*better) > -0.5


def test_what_it_was_given_is_not_written_to() -> None:
    x, ids = blobs(3, n=40, d=6, c=3)
    before = x.copy()
    _score(x, ids)
    np.testing.assert_array_equal(x, before)


def test_one_common_scale_does_not_matter_unless_asked_for_the_papers_form() -> None:
    x, ids = blobs(4, n=60, d=6, c=3, spread=0.5)
    assert _score(x * 1e-3, ids) == pytest.approx(_score(x, ids), rel=1e-8)
    small = _score(x * 1e-3, ids, **PAPER)
    assert small == pytest.approx(-np.log(3), abs=1e-3)
    assert _score(x, ids, **PAPER) > small + 0.1


def test_rows_alone_in_their_class_are_not_judged_and_none_else_is_an_error() -> None:
    x, ids = blobs(5, n=40, d=6, c=2)
    lonely = ids.copy()
    lonely[3] = 2
    assert np.isfinite(_score(x, lonely))
    with pytest.raises(ScoringError, match="single row"):
        _score(x, np.arange(40))
    assert np.isfinite(_score(x, np.arange(40), leave_out=False))


def test_classes_that_are_points_give_a_number() -> None:
    centres, _ = blobs(6, n=3, d=5, c=1)
    assert np.isfinite(_score(np.repeat(centres, 5, axis=0), np.repeat([0, 1, 2], 5)))


def test_a_singular_scatter_is_an_error_in_the_papers_form() -> None:
    x, ids = blobs(7, n=20, d=40, c=2)
    with pytest.raises(ScoringError, match="singular"):
        _score(x * 100, ids, **PAPER)
    with pytest.raises(ScoringError, match="singular"):
        _score(x, ids, shrink=False, a=9.0)


def test_an_a_that_is_not_above_0_is_refused() -> None:
    x, ids = blobs(7, n=20, d=4, c=2)
    with pytest.raises(SettingsError, match="sfda"):
        _score(x, ids, a=0.0)
