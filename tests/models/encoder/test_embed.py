from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.encoder import Encoder, EncoderSettings, load_encoder
from models.encoder.batches import plan_batches
from models.encoder.encoder import pool
from models.errors import EncoderError

TEXTS = [
    "good film",
    "a very good book is not the awful one ?",
    "bad",
    "",
    "red blue one two three " * 20,
    "fine.",
]


def _slow(encoder: Encoder, text: str, second: str | None = None) -> np.ndarray[Any, Any]:
    """One text at a time, no padding: what embed must agree with."""
    import torch

    inputs = encoder.tokenizer(
        [text],
        None if second is None else [second],
        truncation=True,
        max_length=encoder.settings.max_length,
        return_tensors="pt",
    )
    with torch.no_grad():
        out = encoder.model(**inputs)
    states = out.last_hidden_state[0]
    kinds = {"mean": states.mean(0), "first": states[0], "pooler": out.pooler_output[0]}
    return np.asarray(kinds[encoder.settings.pooling].numpy())


@pytest.mark.parametrize("pooling", ["mean", "first", "pooler"])
def test_agrees_with_one_text_at_a_time_in_order(tiny_folder: Path, pooling: Any) -> None:
    encoder = load_encoder(EncoderSettings(str(tiny_folder), pooling, 32, batch_size=4), device="cpu")
    got = encoder.embed(TEXTS)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [_slow(encoder, text) for text in TEXTS], atol=1e-5)


def test_pairs_are_encoded_as_pairs(tiny: Encoder) -> None:
    seconds = list(reversed(TEXTS))
    got = tiny.embed(TEXTS, seconds)
    np.testing.assert_allclose(
        got, [_slow(tiny, a, b) for a, b in zip(TEXTS, seconds, strict=True)], atol=1e-5
    )
    joined = tiny.embed([f"{a} {b}" for a, b in zip(TEXTS, seconds, strict=True)])
    assert np.abs(got - joined).max() > 1e-3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=20), st.randoms())
def test_neighbours_do_not_matter(tiny: Encoder, texts: list[str], random: Any) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    alone = tiny.embed(texts)
    np.testing.assert_allclose(tiny.embed([texts[place] for place in order]), alone[order], atol=1e-5)


def test_nothing_in_gives_nothing_out(tiny: Encoder) -> None:
    assert tiny.embed([]).shape == (0, 32)
    assert tiny.embed([], []).shape == (0, 32)


def test_progress_ends_at_all(tiny: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    tiny.embed(TEXTS * 40, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (240, 240)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 1


def test_bad_calls_are_refused(tiny: Encoder) -> None:
    with pytest.raises(EncoderError, match="2 first texts but 1 second"):
        tiny.embed(["a", "b"], ["c"])
    with pytest.raises(EncoderError, match="list of texts"):
        tiny.embed("a text")


def test_an_encoder_that_overflows_is_said(tiny: Encoder) -> None:
    import torch

    broken = tiny.clone()
    with torch.no_grad():
        broken.model.embeddings.word_embeddings.weight[5] = float("nan")
    with pytest.raises(EncoderError, match="not finite for 1 of 2 texts"):
        broken.embed(["good", "bad"])
    assert np.isfinite(tiny.embed(["good"])).all()


def test_out_of_memory_halves_the_batch(tiny: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    expected = tiny.embed(TEXTS)
    small = tiny.clone()
    sizes: list[int] = []
    forward = small.model.forward

    def limited(input_ids: Any, **others: Any) -> Any:
        sizes.append(len(input_ids))
        if len(input_ids) > limit:
            raise torch.OutOfMemoryError("too large")
        return forward(input_ids=input_ids, **others)

    limit = 2
    monkeypatch.setattr(small.model, "forward", limited)
    np.testing.assert_allclose(small.embed(TEXTS), expected, atol=1e-5)
    assert max(sizes) > 2 >= min(sizes)
    limit = 0
    with pytest.raises(EncoderError, match="do not fit into cpu's memory"):
        small.embed(TEXTS)


def test_a_model_without_a_pooler_is_said() -> None:
    import torch

    class Bare:
        last_hidden_state = torch.zeros(1, 2, 3)

    with pytest.raises(EncoderError, match="no pooler output"):
        pool(Bare(), torch.ones(1, 2), "pooler")


@given(
    st.lists(st.integers(0, 512), max_size=200),
    st.integers(1, 64),
    st.integers(16, 4096),
)
def test_every_row_is_in_one_batch_within_the_budget(
    lengths: list[int], batch_size: int, budget: int
) -> None:
    sizes = np.array(lengths, dtype=np.int64)
    batches = plan_batches(sizes, batch_size, budget)
    assert sorted(np.concatenate([[], *batches]).tolist()) == list(range(len(lengths)))
    for rows in batches:
        assert len(rows) <= batch_size
        assert len(rows) == 1 or len(rows) * sizes[rows].max() <= budget


def test_the_real_model_agrees_with_its_own_reference(minilm: Encoder) -> None:
    """Sentence-transformers' published recipe for this model: mean over the attention mask."""
    import torch

    texts = ["A man is eating food.", "A cheetah is running behind its prey.", "Short"]
    inputs = minilm.tokenizer(
        texts, padding="max_length", truncation=True, max_length=64, return_tensors="pt"
    )
    with torch.no_grad():
        states = minilm.model(**inputs)[0]
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    expected = (states * mask).sum(1) / mask.sum(1)
    np.testing.assert_allclose(minilm.embed(texts), expected.numpy(), atol=1e-5)
