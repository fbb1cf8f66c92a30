from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.encoder import Encoder, EncoderSettings, load_encoder
from models.errors import EncoderError, UnknownReferenceError
from models.tasks import Task
from models.tuning import TuningSettings, load_tuned, tune, tuned_model_id

TEXTS = ["good film", "awful book", "fine one", "bad two", "red"]
LABELS = ["b", "a", "b", "a", "c"]


@pytest.fixture(scope="module")
def saved(tiny: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    settings = TuningSettings(max_steps=3, learning_rate=1e-3)
    tuned = tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, settings)
    folder = tmp_path_factory.mktemp("tuned") / "model"
    tuned.save(folder)
    return tuned, folder


@pytest.fixture(scope="module")
def pooler(tiny_folder: Path) -> Encoder:
    return load_encoder(EncoderSettings(str(tiny_folder), "pooler", 32), device="cpu")


def test_what_was_saved_comes_back_whole(tiny: Encoder, saved: tuple[Any, Path]) -> None:
    tuned, folder = saved
    back = load_tuned(str(folder), tiny)
    np.testing.assert_allclose(back.encoder.embed(TEXTS), tuned.encoder.embed(TEXTS), atol=1e-6)
    np.testing.assert_array_equal(back.head.weight, tuned.head.weight)
    assert (back.head.classes, back.losses, back.encoder.id) == (
        tuned.head.classes,
        tuned.losses,
        tuned.encoder.id,
    )
    assert not [file for file in folder.iterdir() if file.suffix in (".bin", ".pt", ".pkl")]


def test_transformers_reads_the_saved_folder(saved: tuple[Any, Path]) -> None:
    tuned, folder = saved
    encoder = load_encoder(EncoderSettings(str(folder), max_length=32), device="cpu")
    np.testing.assert_allclose(encoder.embed(TEXTS), tuned.encoder.embed(TEXTS), atol=1e-6)


def test_a_broken_head_is_said(
    tiny: Encoder, pooler: Encoder, saved: tuple[Any, Path], tmp_path: Path
) -> None:
    with pytest.raises(EncoderError, match=r"head in .* cannot be used"):
        load_tuned(str(saved[1]), pooler)
    folder = Path(shutil.copytree(saved[1], tmp_path / "copy"))
    (folder / "springboard_head.safetensors").write_bytes(b"12345678")
    with pytest.raises(EncoderError, match=r"head in .* cannot be used"):
        load_tuned(str(folder), tiny)


def test_a_classification_checkpoint_gives_encoder_and_head(
    make_tiny: Callable[..., Path], tmp_path: Path, pooler: Encoder
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    names = {0: "no", 1: "maybe", 2: "yes"}
    folder = make_tiny(tmp_path / "cls", seed=5, cls="BertForSequenceClassification", id2label=names)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tuned = load_tuned(str(folder), pooler)
    assert tuned.head.classes == ("no", "maybe", "yes")
    inputs = pooler.tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = torch.softmax(model(**inputs).logits, 1).numpy()
    np.testing.assert_allclose(tuned.head.probabilities(tuned.encoder.embed(TEXTS)), expected, atol=1e-5)


def test_a_head_on_another_embedding_is_left_out_and_said(
    make_tiny: Callable[..., Path], tmp_path: Path, tiny: Encoder
) -> None:
    folder = make_tiny(tmp_path / "cls", seed=5, cls="BertForSequenceClassification", num_labels=3)
    tuned = load_tuned(str(folder), tiny)
    assert tuned.head.weight.shape == (0, 32)
    assert "does not stand on mean pooling" in tuned.head.note
    with pytest.raises(EncoderError, match="no classification head"):
        tuned.head.probabilities(np.zeros((1, 32)))


def test_a_model_of_another_base_is_refused(
    make_tiny: Callable[..., Path], tmp_path: Path, tiny: Encoder
) -> None:
    with pytest.raises(EncoderError, match=r"has width 16, and the base encoder .* 32"):
        load_tuned(str(make_tiny(tmp_path / "narrow", width=16)), tiny)
    with pytest.raises(EncoderError, match="another vocabulary"):
        load_tuned(str(make_tiny(tmp_path / "words", words=["other", "words"])), tiny)
    with pytest.raises(UnknownReferenceError, match="no model folder"):
        load_tuned(str(tmp_path / "nowhere"), tiny)


def _adapter(base: Path, folder: Path, task_type: str | None) -> Any:
    """Make an adapter with peft as anybody would, with weights that do something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel, AutoModelForSequenceClassification

    kind: Any = AutoModelForSequenceClassification if task_type else AutoModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = kind.from_pretrained(base)
        wrapped = get_peft_model(
            model, LoraConfig(r=2, target_modules=["query", "value"], task_type=task_type)
        )
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
    wrapped.save_pretrained(folder)
    return wrapped.eval()


@pytest.mark.parametrize("task_type", [None, "SEQ_CLS"])
def test_an_adapter_is_folded_in(
    tiny_folder: Path, tmp_path: Path, pooler: Encoder, task_type: str | None
) -> None:
    import torch

    model = _adapter(tiny_folder, tmp_path / "adapter", task_type)
    tuned = load_tuned(str(tmp_path / "adapter"), pooler)
    inputs = pooler.tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        out = model(**inputs)
    embedded = tuned.encoder.embed(TEXTS)
    assert np.abs(embedded - pooler.embed(TEXTS)).max() > 1e-3
    if task_type is None:
        np.testing.assert_allclose(embedded, out.pooler_output.numpy(), atol=1e-5)
        assert tuned.head.note
    else:
        logits = embedded @ tuned.head.weight.T + tuned.head.bias
        np.testing.assert_allclose(logits, out.logits.numpy(), atol=1e-5)
        assert len(tuned.head.classes) == 2
    assert not any("lora" in name for name in tuned.encoder.model.state_dict())


def test_adapters_that_do_not_fit_are_refused(
    make_tiny: Callable[..., Path], tiny: Encoder, tmp_path: Path
) -> None:
    _adapter(make_tiny(tmp_path / "narrow", width=16), tmp_path / "adapter", None)
    with pytest.raises(EncoderError, match=r"adapter in .* does not fit"):
        load_tuned(str(tmp_path / "adapter"), tiny)
    (tmp_path / "adapter" / "adapter_model.safetensors").unlink()
    (tmp_path / "adapter" / "adapter_model.bin").write_bytes(b"\x80\x02}q\x00.")
    for call in (lambda ref: load_tuned(ref, tiny), tuned_model_id):
        with pytest.raises(EncoderError, match=r"holds no adapter_model\.safetensors"):
            call(str(tmp_path / "adapter"))


def test_the_id_of_a_tuned_model_follows_its_content(
    saved: tuple[Any, Path], tiny_folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(saved[1], tmp_path / "copy"))
    assert tuned_model_id(str(copy)) == tuned_model_id(str(saved[1])) != tuned_model_id(str(tiny_folder))
    head = copy / "springboard_head.json"
    head.write_text(head.read_text().replace("0.0", "0.5"))
    assert tuned_model_id(str(copy)) != tuned_model_id(str(saved[1]))
    _adapter(tiny_folder, tmp_path / "adapter", None)
    assert len(tuned_model_id(str(tmp_path / "adapter"))) == 32
