"""Scorers that go by mean embeddings, tokens and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from models.errors import ScoringError, SettingsError
from models.scorers import Need, TokenCounts, get_scorer
from models.scorers.data.renyi import renyi_divergence
from models.scorers.data.token_max_similarity import ROWS_AT_ONCE, token_max_similarity
from models.tasks import Task

RNG = np.random.default_rng(0)
CENTROIDS = {
    "textemb": (Need.SOURCE_CENTROID, Need.TARGET_CENTROID),
    "semb": (Need.SOURCE_SENTENCE_CENTROID, Need.TARGET_SENTENCE_CENTROID),
}
UNIGRAMS = ("vocabulary_overlap", "jsd", "renyi")


def _score(name: str, offer: Mapping[Need, Any], **chosen: Any) -> float:
    return get_scorer(name).score(None, ["a", "b"], Task.CLASSIFICATION, given=offer, **chosen)


def _tokens(counts: Mapping[int, int]) -> TokenCounts:
    ids = sorted(counts)
    return TokenCounts(np.array(ids), np.array([counts[token] for token in ids]))


def _unigrams(name: str, source: Mapping[int, int], target: Mapping[int, int], **chosen: Any) -> float:
    offer = {Need.SOURCE_TOKENS: _tokens(source), Need.TARGET_TOKENS: _tokens(target)}
    return _score(name, offer, **chosen)


@pytest.mark.parametrize("name", CENTROIDS)
def test_centroids_are_compared_by_cosine_or_distance(name: str) -> None:
    source, target = CENTROIDS[name]
    a, b = RNG.normal(size=(2, 6))
    expected = a @ b / np.sqrt((a @ a) * (b @ b))
    assert _score(name, {source: a, target: b}) == pytest.approx(expected)
    assert _score(name, {source: 3 * a, target: b}) == pytest.approx(expected)
    assert _score(name, {source: a, target: b}, metric="euclidean") == pytest.approx(-np.linalg.norm(a - b))
    # Either way the source itself is the nearest there is.
    assert _score(name, {source: a, target: a}) == pytest.approx(1)
    assert _score(name, {source: a, target: a}, metric="euclidean") == 0
    assert get_scorer(name).higher_is_better


@pytest.mark.parametrize("name", CENTROIDS)
def test_centroids_that_cannot_be_compared_are_no_number(name: str) -> None:
    source, target = CENTROIDS[name]
    a = np.ones(3)
    for other, words in ((np.ones(4), "shapes"), (np.zeros(3), "zero"), (np.array([1, np.nan, 1]), "finite")):
        with pytest.raises(ScoringError, match=words):
            _score(name, {source: a, target: other})
    with pytest.raises(SettingsError, match="did you mean cosine"):
        _score(name, {source: a, target: a}, metric="cosin")


def test_each_target_token_finds_its_most_similar_source_token() -> None:
    source, target = RNG.normal(size=(9, 4)), RNG.normal(size=(7, 4))
    best = []
    for t in target:
        best.append(max(float(t @ s / np.linalg.norm(t) / np.linalg.norm(s)) for s in source))
    assert token_max_similarity(source, target) == pytest.approx(np.mean(best))
    inner = np.mean([max(float(t @ s) for s in source) for t in target])
    assert token_max_similarity(source, target, normalise=False) == pytest.approx(inner)


def test_token_similarity_asks_whether_the_source_covers_the_target_and_not_the_reverse() -> None:
    target = RNG.normal(size=(6, 5))
    more = np.concatenate([target, RNG.normal(size=(8, 5))])
    assert token_max_similarity(more, target) == pytest.approx(1)
    assert token_max_similarity(target, more) < 0.95
    # A longer list of source tokens never makes it worse, and copies of them change nothing.
    few = RNG.normal(size=(3, 5))
    assert token_max_similarity(np.concatenate([few, more]), target) >= token_max_similarity(few, target)
    assert token_max_similarity(np.concatenate([few, few]), target) == token_max_similarity(few, target)


def test_more_target_tokens_than_are_compared_at_once() -> None:
    source, target = RNG.normal(size=(5, 3)), RNG.normal(size=(2 * ROWS_AT_ONCE + 7, 3))
    one_by_one = [token_max_similarity(source, row[None]) for row in target]
    assert token_max_similarity(source, target) == pytest.approx(np.mean(one_by_one))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.ones((2, 5)), "differ in width"),
        (np.zeros((0, 4)), "no source token vectors"),
        (np.full((2, 4), np.inf), "not finite"),
        (np.zeros((2, 4)), "is zero"),
    ],
)
def test_token_vectors_that_cannot_be_compared_are_no_number(source: Any, words: str) -> None:
    with pytest.raises(ScoringError, match=words):
        token_max_similarity(source, np.ones((3, 4)))


def test_overlap_by_hand() -> None:
    source, target = {1: 9, 2: 1, 3: 5}, {2: 4, 3: 1, 4: 1, 5: 2}
    assert _unigrams("vocabulary_overlap", source, target) == 2 / 4
    assert _unigrams("vocabulary_overlap", source, target, of="union") == 2 / 5
    with pytest.raises(SettingsError, match="did you mean union"):
        _unigrams("vocabulary_overlap", source, target, of="unio")


COUNTS = st.dictionaries(st.integers(0, 12), st.integers(1, 50), min_size=1)


def _dense(source: Mapping[int, int], target: Mapping[int, int]) -> tuple[Any, Any]:
    both = [np.array([counts.get(token, 0) for token in range(13)]) for counts in (source, target)]
    return both[0] / both[0].sum(), both[1] / both[1].sum()


@settings(max_examples=60, deadline=None)
@given(source=COUNTS, target=COUNTS)
def test_jsd_is_the_square_of_scipys_distance_in_bits(
    source: Mapping[int, int], target: Mapping[int, int]
) -> None:
    found = _unigrams("jsd", source, target)
    assert found == pytest.approx(jensenshannon(*_dense(source, target), base=2) ** 2, abs=1e-9)
    assert found == pytest.approx(_unigrams("jsd", target, source), abs=1e-12)
    assert 0 <= found <= 1


@settings(max_examples=60, deadline=None)
@given(source=COUNTS, target=COUNTS)
def test_renyi_is_its_definition_and_nears_kullback_leibler(
    source: Mapping[int, int], target: Mapping[int, int]
) -> None:
    q, p = _dense(source, target)
    if not (p * q).any():
        with pytest.raises(ScoringError, match="no token in common"):
            _unigrams("renyi", source, target)
        return
    expected = np.log((p**0.99 * q**0.01)[p * q > 0].sum()) / (0.99 - 1)
    assert _unigrams("renyi", source, target) == pytest.approx(expected, abs=1e-9)
    if (q[p > 0] > 0).all():
        assert renyi_divergence(p, q, alpha=1 - 1e-7) == pytest.approx(entropy(p, q), rel=1e-4, abs=1e-6)


def test_at_one_half_renyi_is_the_bhattacharyya_distance_twice() -> None:
    source, target = {1: 2, 2: 3}, {1: 7, 2: 1, 3: 2}
    q, p = _dense(source, target)
    assert _unigrams("renyi", source, target, alpha=0.5) == pytest.approx(-2 * np.log(np.sqrt(p * q).sum()))
    with pytest.raises(SettingsError, match="between 0 and 1"):
        _unigrams("renyi", source, target, alpha=1.0)


def test_divergences_are_0_for_the_same_shares_and_jsd_1_for_nothing_in_common() -> None:
    for name in ("jsd", "renyi"):
        assert _unigrams(name, {1: 2, 5: 4}, {1: 1, 5: 2}) == pytest.approx(0, abs=1e-12)
        assert not get_scorer(name).higher_is_better
    assert _unigrams("jsd", {1: 2}, {2: 3}) == pytest.approx(1)
    assert _unigrams("vocabulary_overlap", {1: 2}, {2: 3}) == 0


@pytest.mark.parametrize("name", UNIGRAMS)
def test_texts_without_tokens_are_no_number(name: str) -> None:
    with pytest.raises(ScoringError, match="source's texts hold no tokens"):
        _unigrams(name, {}, {1: 1})
    with pytest.raises(ScoringError, match="target's token counts are damaged"):
        _unigrams(name, {1: 1}, {1: 0})


def test_source_size_is_the_number_of_rows() -> None:
    assert _score("source_size", {Need.SOURCE_ROWS: 1234}) == 1234
    with pytest.raises(ScoringError, match="0 rows"):
        _score("source_size", {Need.SOURCE_ROWS: 0})
