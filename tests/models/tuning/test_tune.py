from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoder import Encoder
from models.errors import SettingsError, TuningError
from models.tasks import Task
from models.tuning import TuningSettings, tune
from models.tuning.order import epoch_batches

TEXTS = ["good film", "fine book a", "awful film", "bad book not the", "good good one", "bad bad one two"] * 8
LABELS = ["7", "7", "0", "0", "7", "0"] * 8
QUICK = TuningSettings(epochs=6, batch_size=8, learning_rate=1e-3)


def _state(encoder: Encoder) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_loss_falls_and_the_head_learns(tiny: Encoder, method: Any) -> None:
    import torch

    before = _state(tiny)
    steps: list[tuple[int, int]] = []
    settings = TuningSettings(epochs=8, batch_size=8, learning_rate=3e-3, method=method)
    tuned = tune(
        tiny,
        TEXTS,
        None,
        LABELS,
        Task.CLASSIFICATION,
        settings,
        on_progress=lambda i, n: steps.append((i, n)),
    )
    assert steps == [(i, 48) for i in range(1, 49)]
    assert len(tuned.losses) == 48
    assert np.mean(tuned.losses[-6:]) < 0.7 * np.mean(tuned.losses[:6])
    assert tuned.head.classes == ("0", "7")
    assert (tuned.head.weight.shape, tuned.head.bias.shape) == ((2, 32), (2,))
    chances = tuned.head.probabilities(tuned.encoder.embed(TEXTS))
    np.testing.assert_allclose(chances.sum(1), 1)
    right = np.array(tuned.head.classes)[chances.argmax(1)] == np.array(LABELS)
    assert right.mean() > 0.95
    # Plain weights under the base's names, and the base as it was.
    after = _state(tiny)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert set(_state(tuned.encoder)) == set(before)
    assert any(not torch.equal(before[name], tensor) for name, tensor in _state(tuned.encoder).items())
    assert tuned.encoder.id != tiny.id
    assert tuned.seconds > 0


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_same_seed_gives_the_same_weights_and_moves_nobodys_dice(tiny: Encoder, method: Any) -> None:
    import torch

    settings = TuningSettings(max_steps=4, batch_size=8, learning_rate=1e-3, seed=3, method=method)
    torch.manual_seed(1)
    np.random.seed(1)
    expected, expected_numpy = torch.rand(3), np.random.rand(3)
    torch.manual_seed(1)
    np.random.seed(1)
    first = tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, settings)
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(np.random.rand(3), expected_numpy)
    torch.manual_seed(99)
    second = tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, settings)
    assert first.losses == second.losses
    assert first.encoder.id == second.encoder.id
    np.testing.assert_array_equal(first.head.weight, second.head.weight)
    other = tune(
        tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, TuningSettings(max_steps=4, batch_size=8, seed=4)
    )
    assert other.encoder.id != first.encoder.id


def test_regression_learns_standardised_labels(tiny: Encoder) -> None:
    y = [1000.0 + 50 * float(label) for label in LABELS]
    settings = TuningSettings(epochs=10, batch_size=8, learning_rate=1e-3)
    tuned = tune(tiny, TEXTS, None, y, Task.REGRESSION, settings)
    assert tuned.head.classes == ()
    assert tuned.head.label_mean == pytest.approx(np.mean(y))
    assert tuned.head.label_std == pytest.approx(np.std(y))
    guess = tuned.encoder.embed(TEXTS) @ tuned.head.weight[0] + tuned.head.bias[0]
    assert np.corrcoef(guess * tuned.head.label_std + tuned.head.label_mean, y)[0, 1] > 0.9


def test_pairs_are_tuned_as_pairs(tiny: Encoder) -> None:
    seconds = TEXTS[1:] + TEXTS[:1]
    tuned = tune(tiny, TEXTS, seconds, LABELS, Task.PAIR_CLASSIFICATION, QUICK)
    assert np.mean(tuned.losses[-6:]) < np.mean(tuned.losses[:6])


def test_every_pooling_can_be_tuned(tiny_folder: Any) -> None:
    from models.encoder import EncoderSettings, load_encoder

    longer = TuningSettings(epochs=15, batch_size=8, learning_rate=2e-3, head_learning_rate=1e-2)
    for pooling in ("first", "pooler"):
        encoder = load_encoder(EncoderSettings(str(tiny_folder), pooling, 32), device="cpu")  # type: ignore[arg-type]
        tuned = tune(encoder, TEXTS, None, LABELS, Task.CLASSIFICATION, longer)
        assert np.mean(tuned.losses[-6:]) < 0.7 * np.mean(tuned.losses[:6])


@pytest.mark.parametrize(
    ("text_b", "labels", "task", "said"),
    [
        (None, LABELS[1:], Task.CLASSIFICATION, "rows do not match"),
        (TEXTS, LABELS, Task.CLASSIFICATION, "rows do not match"),
        (None, LABELS, Task.PAIR_CLASSIFICATION, "rows do not match"),
        (None, ["x"] * 48, Task.CLASSIFICATION, "same label"),
        (None, [2.0] * 48, Task.REGRESSION, "same label"),
        (None, ["x"] * 48, Task.REGRESSION, "must be numbers"),
        (None, [None, *LABELS[1:]], Task.CLASSIFICATION, "1 of 48 labels are missing"),
    ],
)
def test_rows_that_teach_nothing_are_refused(
    tiny: Encoder, text_b: Any, labels: Any, task: Task, said: str
) -> None:
    with pytest.raises(TuningError, match=said):
        tune(tiny, TEXTS, text_b, labels, task, QUICK)


def test_a_loss_that_diverges_is_an_error(tiny: Encoder) -> None:
    import torch

    broken = tiny.clone()
    with torch.no_grad():
        broken.model.embeddings.word_embeddings.weight[5] = float("inf")
    with pytest.raises(TuningError, match=r"the loss was nan at step .*lower tuning\.learning_rate"):
        tune(broken, TEXTS, None, LABELS, Task.CLASSIFICATION, QUICK)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", float("nan")),
        ("batch_size", 0),
        ("batch_size", 1.5),
        ("learning_rate", -1.0),
        ("warmup_share", 1.0),
        ("method", "adapter"),
        ("lora_rank", 0),
        ("max_steps", 0),
        ("max_grad_norm", 0.0),
    ],
)
def test_unusable_settings_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"tuning {field} is"):
        TuningSettings(**{field: value})  # type: ignore[arg-type]


def test_steps_and_rates() -> None:
    assert TuningSettings().steps(300) == 30
    assert TuningSettings(epochs=0.5).steps(320) == 5
    assert TuningSettings(epochs=0.01).steps(3) == 1
    assert TuningSettings(max_steps=7).steps(10_000) == 7
    assert TuningSettings().rate == 2e-5
    assert TuningSettings(method="lora").rate > TuningSettings().rate
    assert TuningSettings(method="lora", learning_rate=1e-4).rate == 1e-4


@given(st.lists(st.integers(1, 128), min_size=1, max_size=300), st.integers(1, 40), st.integers(0, 100))
def test_an_epoch_sees_every_row_once_in_an_order_of_its_seed(
    lengths: list[int], size: int, seed: int
) -> None:
    sizes = np.array(lengths)
    first, second = (epoch_batches(sizes, size, np.random.default_rng(seed)) for _ in range(2))
    assert sorted(np.concatenate(first).tolist()) == list(range(len(lengths)))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in second]
    assert max(map(len, first)) <= size


def test_the_real_model_learns_in_ten_steps(minilm: Encoder) -> None:
    happy = ["What a lovely day", "I enjoyed every minute", "Great work, thank you", "She smiled with joy"]
    sad = ["This is terrible", "I hated the whole thing", "What a waste of time", "He was in despair"]
    settings = TuningSettings(max_steps=10, epochs=10, batch_size=8, learning_rate=1e-4, head_dropout=0.0)
    tuned = tune(minilm, happy + sad, None, ["+"] * 4 + ["-"] * 4, Task.CLASSIFICATION, settings)
    assert len(tuned.losses) == 10
    assert tuned.losses[-1] < tuned.losses[0] - 0.01
    assert np.abs(tuned.encoder.embed(happy) - minilm.embed(happy)).max() > 1e-3
