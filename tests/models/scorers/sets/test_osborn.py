from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm
from support.scorer_inputs import made_up

from models.errors import ScoringError, SettingsError
from models.scorers import Need, get_scorer
from models.scorers.sets.osborn import pick_team, task_difference
from models.scorers.sets.transport import TargetCloud, transport_share
from models.tasks import Task
from models.tuning.head import Head

RNG = np.random.default_rng(0)
CLASSES = Task.CLASSIFICATION


def _share(sample: Any, target: Any) -> float:
    return transport_share(sample, TargetCloud.of(target))


@pytest.mark.parametrize(("m", "n", "d"), [(30, 50, 4), (6, 50, 10), (40, 7, 12)])
def test_transport_is_the_closed_form_for_gaussians(m: int, n: int, d: int) -> None:
    source, target = RNG.normal(size=(m, d)) + 0.3, RNG.normal(size=(n, d)) @ RNG.normal(size=(d, d))
    s, t = np.cov(source.T, bias=True), np.cov(target.T, bias=True)
    root = sqrtm(s + 1e-12 * np.eye(d)).real
    shift = np.square(source.mean(0) - target.mean(0)).sum()
    moved = shift + np.trace(s + t - 2 * sqrtm(root @ t @ root + 1e-12 * np.eye(d)).real)
    expected = moved / (shift + np.trace(s) + np.trace(t))
    assert _share(source, target) == pytest.approx(expected, abs=1e-4)


def test_in_one_dimension_it_is_the_transport_of_normals() -> None:
    source, target = RNG.normal(2, 3, size=(500, 1)), RNG.normal(0, 1, size=(400, 1))
    shift = (source.mean() - target.mean()) ** 2
    moved = shift + (source.std() - target.std()) ** 2
    assert _share(source, target) == pytest.approx(moved / (shift + source.var() + target.var()))


def test_it_never_exceeds_the_exact_transport_of_the_points() -> None:
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    for _ in range(10):
        source, target = RNG.exponential(size=(40, 3)), RNG.normal(size=(40, 3))
        cost = cdist(source, target, "sqeuclidean")
        exact = cost[linear_sum_assignment(cost)].mean() / cost.mean()
        assert 0 <= _share(source, target) <= exact


def test_transport_does_not_depend_on_units_rotation_or_a_shift_of_both() -> None:
    source, target = RNG.normal(size=(25, 5)) + 1, RNG.normal(size=(60, 5))
    turn = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
    moved = [3 * rows @ turn + 7 for rows in (source, target)]
    assert _share(*moved) == pytest.approx(_share(source, target), abs=1e-9)
    assert _share(target, target) == pytest.approx(0, abs=1e-6)
    assert _share(np.ones((3, 5)), np.ones((4, 5))) == 0
    assert _share(source + 1e4, target) > 0.999


def test_task_difference_is_the_share_of_the_labels_entropy_that_is_left() -> None:
    ids = np.arange(60) % 3
    assert task_difference(ids, (ids + 1) % 3) == 0
    assert task_difference(ids, np.zeros(60, dtype=int)) == 1
    # Predictions that tell class 0 from the others leave log 2 for two rows of three.
    half = np.minimum(ids, 1)
    assert task_difference(ids, half) == pytest.approx(2 / 3 * np.log(2) / np.log(3))


def _candidates(sources: int = 6, seed: int = 1) -> tuple[list[dict[Need, Any]], Any]:
    target = made_up(CLASSES, sources=sources, seed=seed)
    return target.sources, target.labels


def test_the_scorer_is_the_pick_from_weighted_differences() -> None:
    offers, labels = _candidates()
    costs, tables = [], []
    for offer in offers:
        tables.append(offer[Need.SOURCE_HEAD].probabilities(offer[Need.FEATURES]))
        apart = _share(offer[Need.SOURCE_SAMPLE], offer[Need.BASE_FEATURES])
        costs.append(0.5 * apart + 2 * task_difference(labels, tables[-1].argmax(1)))
    chosen: dict[str, Any] = {"k": 3, "domain_weight": 0.5, "task_weight": 2.0}
    for name in ("complement", "agree"):
        found = get_scorer("osborn").score_together(offers, labels, CLASSES, team=name, **chosen)
        np.testing.assert_allclose(found, pick_team(costs, tables, 3, team=name).scores, atol=1e-12)


def test_a_source_of_the_targets_own_kind_is_picked_first() -> None:
    offers, labels = _candidates()
    base = offers[0][Need.BASE_FEATURES]
    centres = np.array([offers[3][Need.FEATURES][labels == c].mean(0) for c in range(3)])
    near = Head(
        centres.astype(np.float32), (-0.5 * np.square(centres).sum(1)).astype(np.float32), tuple("abc")
    )
    offers[3] = {**offers[3], Need.SOURCE_HEAD: near, Need.SOURCE_SAMPLE: base[::2]}
    scores = get_scorer("osborn").score_together(offers, labels, CLASSES)
    assert int(np.argmax(scores)) == 3


def test_it_does_not_matter_in_which_order_the_sources_come() -> None:
    offers, labels = _candidates()
    scorer = get_scorer("osborn")
    found = scorer.score_together(offers, labels, CLASSES, k=2)
    backwards = scorer.score_together(offers[::-1], labels, CLASSES, k=2)
    np.testing.assert_allclose(backwards[::-1], found, atol=1e-12)


def test_sources_without_a_classification_head_are_counted_and_nothing_is_made_up() -> None:
    offers, labels = _candidates()
    none = Head(np.zeros((0, 8), dtype=np.float32), np.zeros(0, dtype=np.float32))
    regression = Head(np.ones((1, 8), dtype=np.float32), np.zeros(1, dtype=np.float32))
    for place, head in ((1, none), (4, regression)):
        offers[place] = {**offers[place], Need.SOURCE_HEAD: head}
    found = get_scorer("osborn").score_together(offers, labels, CLASSES)
    assert [place for place, answer in enumerate(found) if isinstance(answer, ScoringError)] == [1, 4]
    assert all("head" in str(found[place]) for place in (1, 4))
    rest = [offer for place, offer in enumerate(offers) if place not in (1, 4)]
    assert [one for one in found if not isinstance(one, ScoringError)] == get_scorer("osborn").score_together(
        rest, labels, CLASSES
    )


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (np.ones((4, 3)), r"shape \(4, 3\).*width 8"),
        (np.ones((0, 8)), "shape"),
        (np.full((4, 8), np.nan), "not finite"),
    ],
)
def test_a_sample_that_does_not_fit_is_named(sample: Any, words: str) -> None:
    offers, labels = _candidates()
    offers[2] = {**offers[2], Need.SOURCE_SAMPLE: sample}
    found = get_scorer("osborn").score_together(offers, labels, CLASSES)
    assert isinstance(found[2], ScoringError)
    assert re.search(words, str(found[2]))
    assert not any(isinstance(one, ScoringError) for one in found[:2] + found[3:])


def test_an_empty_pool_has_no_scores_and_weights_are_not_negative() -> None:
    offers, labels = _candidates()
    assert get_scorer("osborn").score_together([], labels, CLASSES) == []
    with pytest.raises(SettingsError, match="setting task_weight is -1"):
        get_scorer("osborn").score_together(offers, labels, CLASSES, task_weight=-1)


def test_picking_from_1500_sources_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    tables = [rng.dirichlet(np.ones(4), size=1000) for _ in range(1500)]
    start = time.process_time()
    for name in ("complement", "agree"):
        pick_team(rng.random(1500), tables, 10, team=name)
    assert time.process_time() - start < 20
