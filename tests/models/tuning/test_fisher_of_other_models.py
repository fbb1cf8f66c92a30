"""The Fisher of models whose layers are called otherwise than BERT's: twice, tokens first, for all rows at once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from models.encoder import Encoder
from models.tasks import Task
from models.tuning import TunedEncoder, TuningSettings, tune
from models.tuning.fisher import diagonal_fisher

# The first five have as many tokens as they are: three words and two marks.
TEXTS = [
    "good film the",
    "fine book a",
    "awful film not",
    "bad book not",
    "good a book",
    "bad one two a one two",
]
LABELS = ["7", "7", "0", "0", "7", "0"]


class _Model(torch.nn.Module):
    """Embeddings [rows, tokens, 32], ``between``, and a last layer; ``between`` is what the kinds differ in."""

    def __init__(self, kind: str, base: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.kind, self.config = kind, base.config
        self.words = base.get_input_embeddings()
        self.layer, self.last = torch.nn.Linear(32, 32), torch.nn.Linear(32, 32)
        self.places = torch.nn.Parameter(torch.randn(1, 40, 32))

    def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
        hidden = self.words(input_ids)
        if self.kind == "called twice":
            hidden = torch.tanh(self.layer(torch.tanh(self.layer(hidden))))
        elif self.kind == "tokens first":
            hidden = torch.tanh(self.layer(hidden.transpose(0, 1))).transpose(0, 1)
        elif self.kind == "one table for all rows":
            hidden = torch.tanh(hidden + self.layer(self.places)[:, : hidden.shape[1]])
        elif self.kind == "changed in place":
            hidden = self.layer(hidden).tanh_()
        elif self.kind == "tokens of all rows in one":
            hidden = torch.tanh(self.layer(hidden.flatten(0, 1))).unflatten(0, input_ids.shape)
        return SimpleNamespace(last_hidden_state=self.last(hidden))


def _tuned(tiny: Encoder, kind: str) -> TunedEncoder:
    tuned = tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, TuningSettings(max_steps=1, batch_size=4))
    encoder = tuned.encoder.clone()
    encoder.model = _Model(kind, encoder.model)
    return replace(tuned, encoder=encoder)


def _one_by_one(tuned: TunedEncoder, rows: int) -> Any:
    """The plain way: each row alone, its loss, backward."""
    model, total = tuned.encoder.model, {}
    weight, bias = torch.from_numpy(tuned.head.weight), torch.from_numpy(tuned.head.bias)
    for text, label in zip(TEXTS[:rows], LABELS[:rows], strict=True):
        model.zero_grad()
        inputs = tuned.encoder.tokenizer(text, return_tensors="pt")
        outputs = model(**inputs).last_hidden_state.mean(dim=1) @ weight.T + bias
        torch.nn.functional.cross_entropy(outputs, torch.tensor([("0", "7").index(label)])).backward()
        for name in ("layer", "last"):
            gradient = getattr(model, name).weight.grad
            if gradient is not None:
                total[name] = total.get(name, 0) + gradient.double().square().mean(dim=1)
    return np.concatenate([value.numpy() for value in total.values()]) / rows


@pytest.mark.parametrize(
    "kind",
    [
        "as usual",
        "called twice",
        "tokens first",
        "one table for all rows",
        "changed in place",
        "tokens of all rows in one",
    ],
)
def test_rows_are_told_apart_however_a_layer_is_called(tiny: Encoder, kind: str) -> None:
    tuned = _tuned(tiny, kind)
    for rows in (len(TEXTS), 5):
        expected = _one_by_one(tuned, rows)
        found = diagonal_fisher(tuned, TEXTS[:rows], None, LABELS[:rows], Task.CLASSIFICATION)
        # The usual one does not call the first layer: what has no part in the embedding is left out.
        assert found.shape == expected.shape == ((32,) if kind == "as usual" else (64,))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * expected.max())
