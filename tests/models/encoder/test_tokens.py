from __future__ import annotations

from collections import Counter

import numpy as np

from models.encoder import Encoder

TEXTS = ["good film", "the good good book", "red", "a bad film not fine"]
PAIRS = ["blue one", "two", "the three", "awful"]


def test_counts_are_those_of_the_tokenizers_own_words(tiny: Encoder) -> None:
    ids, counts = tiny.count_tokens(TEXTS)
    words = Counter(word for text in TEXTS for word in text.split())
    found = dict(zip(tiny.tokenizer.convert_ids_to_tokens(ids.tolist()), counts.tolist(), strict=True))
    assert found == dict(words)
    assert ids.tolist() == sorted(ids.tolist())
    assert (ids.dtype, counts.dtype) == (np.int32, np.int32)


def test_both_sides_of_pairs_count_and_special_tokens_do_not(tiny: Encoder) -> None:
    _, counts = tiny.count_tokens(TEXTS, PAIRS)
    assert counts.sum() == sum(len(text.split()) for text in TEXTS + PAIRS)
    # An emoji is unknown to the vocabulary: it stands for any word.
    assert tiny.count_tokens(["good \U0001f600", "[SEP]"])[1].tolist() == [1]
    assert tiny.count_tokens([])[0].size == 0


def test_texts_count_as_far_as_the_encoder_reads_them(tiny: Encoder) -> None:
    assert tiny.count_tokens(["good " * 100])[1].tolist() == [30]  # 32 tokens, two of them special


def test_token_vectors_are_the_last_layers(tiny: Encoder) -> None:
    import torch

    found = tiny.sample_token_vectors(TEXTS, size=100, seed=0)
    expected = []
    for text in TEXTS:
        with torch.no_grad():
            states = tiny.model(**tiny.tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:-1]
        expected.append(states.numpy())
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)


def test_tokens_are_drawn_by_the_seed_and_all_are_as_likely(tiny: Encoder) -> None:
    everything = tiny.sample_token_vectors(TEXTS, PAIRS, size=100, seed=0)
    drawn = [tiny.sample_token_vectors(TEXTS, PAIRS, size=5, seed=seed) for seed in (1, 1, 2)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    for row in drawn[0]:
        assert np.abs(everything - row).max(axis=1).min() < 1e-5
    seen = np.zeros(len(everything))
    for seed in range(40):
        for row in tiny.sample_token_vectors(TEXTS, PAIRS, size=4, seed=seed):
            seen[np.abs(everything - row).max(axis=1).argmin()] += 1
    assert seen.min() > 0


def test_texts_without_a_token_give_no_vectors(tiny: Encoder) -> None:
    assert tiny.sample_token_vectors(["", "\U0001f600"], size=5, seed=0).shape == (0, 32)
    assert tiny.sample_token_vectors([], size=5, seed=0).shape == (0, 32)
