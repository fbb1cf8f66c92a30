"""A batch in parts gives the gradients of the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.encoder import EncoderSettings, load_encoder
from models.tasks import Task
from models.tuning import TuningSettings, train, tune


def test_parts_hold_the_budget_and_lose_no_row() -> None:
    lengths = np.array([3, 50, 4, 9, 120, 7, 7, 60])
    rows = np.array([7, 0, 4, 2, 1, 5])
    parts = list(train._parts(lengths, rows, 128))
    assert sorted(np.concatenate(parts).tolist()) == sorted(rows.tolist())
    assert len(parts) > 1
    assert all(lengths[part].max() * len(part) <= 128 for part in parts)
    # A text longer than the budget still goes through, alone.
    assert [part.tolist() for part in train._parts(lengths, rows, 2)] == [[0], [2], [5], [1], [7], [4]]
    (whole,) = train._parts(lengths, rows, None)
    assert whole is rows


def test_the_same_model_comes_out(
    make_tiny: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_tiny(tmp_path / "no-dropout", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    encoder = load_encoder(EncoderSettings(ref=str(folder), max_length=32), device="cpu")
    texts = [
        ("good fine " * (1 + n % 5)).strip() if n % 2 else ("bad awful " * (1 + n % 4)).strip()
        for n in range(24)
    ]
    labels = ["pos" if n % 2 else "neg" for n in range(24)]
    settings = TuningSettings(max_steps=4, batch_size=12, head_dropout=0.0)
    tuned = []
    for budget in (10_000, 30):
        monkeypatch.setattr(train, "_PART_TOKENS", budget)
        tuned.append(tune(encoder, texts, None, labels, Task.CLASSIFICATION, settings))
    assert tuned[0].losses == pytest.approx(tuned[1].losses, rel=1e-4)
    np.testing.assert_allclose(
        tuned[0].encoder.embed(texts), tuned[1].encoder.embed(texts), rtol=1e-3, atol=1e-4
    )
