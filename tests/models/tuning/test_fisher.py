from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.encoder import Encoder
from models.errors import TuningError
from models.tasks import Task
from models.tuning import Head, TunedEncoder, TuningSettings, tune
from models.tuning.fisher import diagonal_fisher

TEXTS = ["good film", "fine book a", "awful film", "bad book not the", "good good one", "bad bad one two"]
LABELS = ["7", "7", "0", "0", "7", "0"]
QUICK = TuningSettings(max_steps=3, batch_size=4, learning_rate=1e-3)


@pytest.fixture(scope="module")
def tuned(tiny: Encoder) -> TunedEncoder:
    return tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, QUICK)


def _gradients(tuned: TunedEncoder, text: str, loss_of: Any) -> dict[str, Any]:
    """Gradients of one row's loss with respect to each weight, the plain way: a module, a loss, backward."""
    import torch

    encoder = tuned.encoder.clone()
    head = torch.nn.Linear(32, len(tuned.head.bias))
    head.load_state_dict(
        {"weight": torch.from_numpy(tuned.head.weight), "bias": torch.from_numpy(tuned.head.bias)}
    )
    inputs = encoder.tokenizer(text, return_tensors="pt")
    loss_of(head(encoder.model(**inputs).last_hidden_state.mean(dim=1))).backward()
    return {
        name: weight.grad.numpy()
        for name, weight in encoder.model.named_parameters()
        if weight.grad is not None and weight.ndim == 2 and "embedding" not in name
    }


def test_it_is_the_mean_of_squared_gradients_of_single_rows(tuned: TunedEncoder) -> None:
    import torch

    singles = []
    for text, label in zip(TEXTS, LABELS, strict=True):
        wanted = torch.tensor([("0", "7").index(label)])
        singles.append(
            _gradients(tuned, text, lambda out, y=wanted: torch.nn.functional.cross_entropy(out, y))
        )
    expected = np.concatenate(
        [
            np.mean([one[name].astype(np.float64) ** 2 for one in singles], axis=0).mean(1)
            for name in singles[0]
        ]
    )
    found = diagonal_fisher(tuned, TEXTS, None, LABELS, Task.CLASSIFICATION)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * expected.max())
    # The square of the batch's gradient is another thing, and far smaller.
    batch = np.concatenate(
        [np.mean([one[name] for one in singles], axis=0).astype(np.float64) ** 2 for name in singles[0]],
        axis=None,
    )
    assert batch.mean() < 0.9 * np.mean(expected)
    # Two layers of four 32 x 32 matrices, one to 64 and one back; mean pooling does not depend on the pooler.
    assert found.shape == (2 * (4 * 32 + 64 + 32),)


def test_regression_follows_the_standardised_error(tiny: Encoder) -> None:
    y = [1000.0 + 50 * float(label) for label in LABELS]
    tuned = tune(tiny, TEXTS, None, y, Task.REGRESSION, QUICK)
    z = (y[0] - np.mean(y)) / np.std(y)
    one = _gradients(tuned, TEXTS[0], lambda out: 0.5 * (out[0, 0] - z) ** 2)
    expected = np.concatenate([(gradient.astype(np.float64) ** 2).mean(1) for gradient in one.values()])
    found = diagonal_fisher(tuned, TEXTS[:1], None, y[:1], Task.REGRESSION)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * expected.max())


def test_the_model_stays_as_it_was(tuned: TunedEncoder) -> None:
    weights = {name: weight.clone() for name, weight in tuned.encoder.model.state_dict().items()}
    gradients = {name: weight.grad for name, weight in tuned.encoder.model.named_parameters()}
    frozen = next(iter(tuned.encoder.model.parameters()))
    frozen.requires_grad_(False)
    try:
        diagonal_fisher(tuned, TEXTS, None, LABELS, Task.CLASSIFICATION)
        assert not frozen.requires_grad
    finally:
        frozen.requires_grad_(True)
    parameters = dict(tuned.encoder.model.named_parameters())
    assert all(parameter.grad is gradients[name] for name, parameter in parameters.items())
    assert all(parameter.requires_grad for parameter in parameters.values())
    assert all(weights[name].equal(weight) for name, weight in tuned.encoder.model.state_dict().items())


def test_which_rows_are_drawn_follows_from_the_seed(tuned: TunedEncoder) -> None:
    def drawn(seed: int) -> Any:
        return diagonal_fisher(tuned, TEXTS, None, LABELS, Task.CLASSIFICATION, rows=2, seed=seed)

    assert np.array_equal(drawn(1), drawn(1))
    assert len({drawn(seed).sum() for seed in range(6)}) > 1


def test_pairs_and_labels_as_numbers_are_taken(tiny: Encoder) -> None:
    seconds = TEXTS[1:] + TEXTS[:1]
    pairs = tune(tiny, TEXTS, seconds, [1, 1, 0, 0, 1, 0], Task.PAIR_CLASSIFICATION, QUICK)
    found = diagonal_fisher(pairs, TEXTS, seconds, [1, 1, 0, 0, 1, 0], Task.PAIR_CLASSIFICATION)
    assert found.min() >= 0
    assert found.max() > 0


@pytest.mark.parametrize(
    ("head", "labels", "task", "said"),
    [
        (Head.absent(32, "the checkpoint has none"), LABELS, Task.CLASSIFICATION, "the checkpoint has none"),
        (None, ["0", "7", "0", "new", "7", "7"], Task.CLASSIFICATION, "no class 'new'"),
        (None, [None, *LABELS[1:]], Task.CLASSIFICATION, "1 of 6 labels are missing"),
        (None, [1.0, 2, 3, 4, 5, 6], Task.REGRESSION, "not one for regression"),
    ],
)
def test_a_head_that_says_nothing_of_these_labels_is_refused(
    tuned: TunedEncoder, head: Head | None, labels: Any, task: Task, said: str
) -> None:
    with pytest.raises(TuningError, match=said):
        diagonal_fisher(replace(tuned, head=head or tuned.head), TEXTS, None, labels, task)
