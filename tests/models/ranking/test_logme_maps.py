"""``LogmeOfMaps`` is LogME of the mapped embeddings, whatever is thrown at it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.esm_cases import (
    assert_equal_to_the_definition,
    attempt,
    clustered,
    esm_of,
    mixed_esms,
    random_esm,
)

from models.errors import ScoringError, SpringboardError
from models.esm import ESM
from models.ranking.logme_jackknife import logme_jackknife
from models.ranking.logme_maps import LogmeOfMaps
from models.tasks import Task

CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION
SHAPES = [(90, 16), (10, 24), (16, 16), (17, 16), (18, 16), (15, 16)]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@given(
    st.integers(0, 10**6),
    st.integers(2, 40),
    st.integers(1, 24),
    st.integers(2, 6),
    st.sampled_from([0.0, 1.0, 5.0]),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
@settings(max_examples=25, deadline=None)
def test_any_shape_rank_and_scale(
    seed: int, n: int, d: int, classes: int, signal: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    x, ids = clustered(rng, n, d, min(classes, n), signal)
    esms = [
        random_esm(rng, d, int(rng.integers(1, d + 1)), rng.choice([0.01, 0.3, 3.0]), rng.choice([0.0, 1.0]))
        for _ in range(4)
    ]
    assert_equal_to_the_definition(x * scale, ids, [esm_of(e.u, e.v, e.b * scale) for e in esms])
    assert_equal_to_the_definition(x * scale, x @ rng.normal(size=d) + rng.normal(size=n), esms, NUMBERS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "kind",
    [
        "common mean 10",
        "common mean 1e3",
        "common mean 1e5",
        "common mean 1e7",
        "doubled columns",
        "zero columns",
        "rank 3",
        "rank 1",
        "doubled rows",
        "doubled rows, labels too",
        "a row a class only",
        "label in features",
        "faint label in features",
        "noise",
        "positive",
        "falling spectrum",
        "one row a class",
        "rounded to half precision",
    ],
)
def test_awkward_embeddings(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> None:
    n, d = shape
    x, ids = clustered(rng, n, d)
    x, ids = _awkward(rng, kind, x, ids)
    esms = mixed_esms(rng, d)
    assert_equal_to_the_definition(x, ids, [esms[place] for place in rng.choice(len(esms), 6, replace=False)])


def _awkward(rng: np.random.Generator, kind: str, x: Any, ids: Any) -> tuple[Any, Any]:
    n, d = x.shape
    halves = np.arange(n) % (n // 2)
    if kind.startswith("common mean"):
        x = x + float(kind.split()[-1]) * rng.normal(size=d)
    elif kind == "doubled columns":
        x = np.hstack([x[:, : d // 2]] * 2)
    elif kind == "zero columns":
        x = x * (np.arange(d) < 3)
    elif kind.startswith("rank"):
        rank = int(kind.split()[-1])
        x = x @ rng.normal(size=(d, rank)) @ rng.normal(size=(rank, d))
    elif kind.startswith("doubled rows"):
        x, ids = x[halves], ids[halves] if "labels" in kind else ids
    elif kind == "a row a class only":
        x = rng.normal(size=(3, d))[ids]
    elif kind.endswith("label in features"):
        x[:, :3] = (1e-3 if "faint" in kind else 1.0) * np.eye(3)[ids]
    elif kind == "noise":
        x = rng.normal(size=(n, d))
    elif kind == "positive":
        x = np.abs(x) + 1
    elif kind == "falling spectrum":
        x = rng.normal(size=(n, d)) * np.exp(-1.5 * np.arange(d))
    elif kind == "one row a class":
        ids = np.arange(n)
    else:
        x = x.astype(np.float16)
    return x, ids


def _awkward_esms(rng: np.random.Generator, x: Any) -> list[ESM]:
    """Zero, collapsing, exploding, badly balanced, rounded; of one rank each, from 1 to full."""
    d = x.shape[1]
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    esms = []
    for rank in (1, 2, d // 2, d):
        q, bias = turn[:, :rank], rng.normal(size=d)
        esms += [
            esm_of(0 * q, 0 * q),
            esm_of(0 * q, q, bias),
            esm_of(-q, q),
            esm_of(-q, q, bias),
            esm_of(-q * (1 - 1e-8), q, 0.1 * bias),
            esm_of(-q * (1 - 1e-12), q),
            esm_of(-2 * q, q),
            esm_of(99 * q, q),
            esm_of(1e4 * q, q),
            esm_of(1e-8 * q, 1e8 * q),
            esm_of(np.repeat(q[:, :1], rank, axis=1), np.repeat(q[:, :1], rank, axis=1)),
            esm_of(0.1 * q, q, 1e5 * bias),
            esm_of(
                rng.normal(size=(d, rank)).astype(np.float16) / 8,
                q.astype(np.float16),
                bias.astype(np.float16),
            ),
        ]
    mean = x.mean(axis=0)[:, None]
    strong = np.linalg.svd(x - x.mean(axis=0))[2][:2].T
    esms += [
        esm_of(-mean / float(np.square(mean).sum()), mean),
        esm_of(-strong, strong),
        esm_of(-0.99999 * strong, strong),
        esm_of(0 * mean, 0 * mean, -mean[:, 0]),
    ]
    return esms + [esm_of(by * np.eye(d), np.eye(d)) for by in (99, 6, -0.7, -0.99, -1 + 1e-5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("task", [CLASSES, NUMBERS])
def test_awkward_esms(rng: np.random.Generator, shape: tuple[int, int], task: Task) -> None:
    x, ids = clustered(rng, *shape)
    labels = (x - x.mean(axis=0)) @ np.ones(shape[1]) if task is NUMBERS else ids
    assert_equal_to_the_definition(x, labels, _awkward_esms(rng, x), task)


def test_the_signal_is_taken_away(rng: np.random.Generator) -> None:
    """A perfect fit in the embeddings, and maps that remove the very directions it lies in, or half of them."""
    x, ids = clustered(rng, 80, 24, signal=0.0)
    x[:, :3] = np.eye(3)[ids]
    faint = x.copy()
    faint[:, :3] *= 1e-3
    esms = [
        esm_of(-share * np.eye(24)[:, :k], np.eye(24)[:, :k]) for k in (1, 2, 3) for share in (0.5, 0.999, 1)
    ]
    for features in (x, faint, x + 1e3):
        assert_equal_to_the_definition(features, ids, esms)


def test_a_peak_within_the_range_stands_though_the_evidence_rises_past_its_end() -> None:
    """Found by attack: the value a coarse step below the lowest lam hid the peak in the middle of the range."""
    n, d = 60, 12
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x, ids = clustered(rng, n, d)
        x[:, :3] = 1e-3 * np.eye(3)[ids]
        assert_equal_to_the_definition(
            x, ids, [random_esm(rng, d, rank, size, 0.1) for rank in (1, 12) for size in (0.05, 1.0, 3.0)]
        )


@pytest.mark.parametrize("signal", [30.0, 100.0, 1e3])
def test_a_residual_that_is_nearly_nothing_counts(rng: np.random.Generator, signal: float) -> None:
    """Classes far apart: next to no residual, in the embeddings or in what a map makes of them."""
    for n, d, mean in ((50, 48, 100.0), (50, 20, 100.0), (20, 3, 1.0), (9, 8, 100.0)):
        x, ids = clustered(rng, n, d, 2, signal, mean)
        assert_equal_to_the_definition(x, ids, mixed_esms(rng, d)[::4])


def test_several_maxima(rng: np.random.Generator) -> None:
    """Signal along a few strong directions and along many tiny ones, of every strength between."""
    for n in (60, 20):
        basis = np.linalg.qr(rng.normal(size=(n, 16)))[0]
        x = basis * np.r_[1e3, 1e3, np.full(14, 0.1)]
        esms = [random_esm(rng, 16, rank, size, 0.0) for rank in (1, 2, 8, 16) for size in (1e-4, 0.1, 1.0)]
        for weak in (0.3, 1.0, 2.0, 5.0):
            y = basis @ np.r_[10.0, 5.0, np.full(14, weak / 4)] + 0.1 * rng.normal(size=n)
            assert_equal_to_the_definition(x, y, esms, NUMBERS)


@pytest.mark.parametrize("classes", [2, 7, 64])
def test_many_imbalanced_and_gapped_classes(rng: np.random.Generator, classes: int) -> None:
    n, d = 150, 16
    x, _ = clustered(rng, n, d)
    shares = 0.5 ** np.minimum(np.arange(classes), 8)
    ids = np.concatenate([np.arange(classes), rng.choice(classes, n - classes, p=shares / shares.sum())])
    x += np.eye(classes, d)[ids]
    esms = mixed_esms(rng, d)
    assert_equal_to_the_definition(x, ids, esms[::3])
    plain = LogmeOfMaps(x, ids, CLASSES).scores(esms)
    assert LogmeOfMaps(x, 7 * ids + 3, CLASSES).scores(esms) == pytest.approx(plain, abs=1e-9)
    names = rng.permutation([f"class {place}" for place in range(classes)])
    assert LogmeOfMaps(x, [names[k] for k in ids], CLASSES).scores(esms) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("shape", [(90, 30), (16, 30)])
def test_company_does_not_matter(rng: np.random.Generator, shape: tuple[int, int], center: bool) -> None:
    x, ids = clustered(rng, *shape)
    engine = LogmeOfMaps(x, ids, CLASSES, center=center)
    few = mixed_esms(rng, 30)[::2] + _awkward_esms(rng, x)[::7]
    many = [random_esm(rng, 30, int(rng.choice([1, 2, 3, 15, 30]))) for _ in range(100)]
    order = rng.permutation(len(few) + len(many))
    together = engine.scores([(few + many)[place] for place in order])
    for place, esm in enumerate(few):
        alone = LogmeOfMaps(x, ids, CLASSES, center=center).scores([esm])[0]
        beside = together[int(np.flatnonzero(order == place)[0])]
        if isinstance(alone, float):
            assert beside == pytest.approx(alone, abs=1e-9)
        else:
            assert type(beside) is type(alone)
    assert engine.scores([]) == []


def test_arrays_are_not_changed(rng: np.random.Generator) -> None:
    x, ids = clustered(rng, 30, 8)
    esm = random_esm(rng, 8, 2)
    before = [array.copy() for array in (x, ids, esm.u, esm.v, esm.b)]
    for array in (x, ids, esm.u, esm.v, esm.b):
        array.setflags(write=False)
    LogmeOfMaps(x, ids, CLASSES).replicates([esm, random_esm(rng, 8, 8)], np.arange(30) % 5)
    for array, kept in zip((x, ids, esm.u, esm.v, esm.b), before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_what_collapses_to_one_point_is_refused(rng: np.random.Generator) -> None:
    for n, d in ((60, 12), (8, 12)):
        x, ids = clustered(rng, n, d)
        nothing = esm_of(-np.eye(d), np.eye(d))
        point = esm_of(-np.eye(d), np.eye(d), rng.normal(size=d))
        drowned = esm_of(np.zeros((d, 1)), np.zeros((d, 1)), 1e30 * rng.normal(size=d))
        fine = random_esm(rng, d, 2)
        for center in (False, True):
            engine = LogmeOfMaps(x, ids, CLASSES, center=center)
            *refused, score = engine.scores([nothing, point, drowned, fine])
            assert isinstance(score, float)
            assert all(isinstance(one, ScoringError) for one in refused)
            *refused, row = engine.replicates([nothing, point, drowned, fine], np.arange(n) % 4)
            assert isinstance(row, np.ndarray)
            assert all(isinstance(one, ScoringError) for one in refused)


def test_an_esm_of_another_width_is_an_error(rng: np.random.Generator) -> None:
    engine = LogmeOfMaps(*clustered(rng, 20, 6), CLASSES)
    for call in (engine.scores, lambda esms: engine.replicates(esms, np.arange(20) % 4)):
        with pytest.raises(ScoringError, match="width 5"):
            call([random_esm(rng, 6, 2), random_esm(rng, 5, 2)])


def _assert_equal_replicates(x: Any, labels: Any, esms: list[ESM], groups: Any, task: Task = CLASSES) -> None:
    for center in (False, True):
        found = LogmeOfMaps(x, labels, task, center=center).replicates(esms, groups)
        for esm, row in zip(esms, found, strict=True):
            expected = attempt(partial(logme_jackknife, esm.apply(x), labels, task, groups, center=center))
            if isinstance(expected, SpringboardError) or isinstance(row, SpringboardError):
                assert type(row) is type(expected), f"rank {esm.rank}: {row}, and not {expected}"
                continue
            # Each within the tolerance of its own size, and where scores are small within it altogether.
            assert (np.abs(row - expected[1]) <= 1e-6 * np.maximum(1.0, np.abs(expected[1]))).all(), esm.rank


@pytest.mark.parametrize("shape", [(60, 12), (12, 12), (14, 12), (10, 20), (4, 8)])
def test_replicates(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    n, d = shape
    x, ids = clustered(rng, n, d, 2)
    esms = [*mixed_esms(rng, d)[::3], esm_of(np.zeros((d, 1)), np.zeros((d, 1)))]
    dealt = rng.permutation(np.arange(n) % 4)
    _assert_equal_replicates(x, ids, esms, dealt)
    _assert_equal_replicates(x, np.arange(n), esms, dealt)
    _assert_equal_replicates(x, x @ rng.normal(size=d) + rng.normal(size=n), esms, dealt, NUMBERS)
    _assert_equal_replicates(x + 1e4 * rng.normal(size=d), ids, esms, dealt)
    _assert_equal_replicates(np.column_stack([ids, ids == 0, x[:, 2:]]), ids, esms, dealt)
    _assert_equal_replicates(x, ids, esms[:2], np.arange(n))


@pytest.mark.parametrize("shape", [(60, 12), (9, 20)])
def test_replicates_without_a_class_a_value_or_a_difference(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    n, d = shape
    x, ids = clustered(rng, n, d)
    esms = mixed_esms(rng, d)[::5]
    _assert_equal_replicates(x, ids, esms, np.where(ids == 0, 0, 1 + np.arange(n) % 2))
    _assert_equal_replicates(x, ids, esms, ids)
    late = (np.arange(n) >= n // 2).astype(np.int64)
    _assert_equal_replicates(x, np.where(late, np.arange(n), 0.0), esms, late, NUMBERS)
    for same in (0.0, 1.0):
        alike = np.where(late[:, None], x, same * x[:1])
        _assert_equal_replicates(alike, ids, esms, late)
        found = LogmeOfMaps(alike, ids, CLASSES).replicates(esms, late)
        assert all(isinstance(row, ScoringError) and "same in every row" in str(row) for row in found)
