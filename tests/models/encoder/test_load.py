from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.encoder import EncoderSettings, encoder_id, load_encoder
from models.errors import EncoderError, SettingsError


def test_loading_names_the_encoder_and_moves_nobodys_dice(tiny_folder: Path) -> None:
    import torch

    settings = EncoderSettings(str(tiny_folder), max_length=16)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    encoder = load_encoder(settings, device="cpu")
    assert torch.equal(torch.rand(1), expected)
    assert (encoder.id, encoder.dim, encoder.device) == (encoder_id(settings), 32, "cpu")
    assert not encoder.model.training


def test_more_tokens_than_positions_are_refused(tiny_folder: Path) -> None:
    with pytest.raises(SettingsError, match="64 tokens"):
        load_encoder(EncoderSettings(str(tiny_folder), max_length=65), device="cpu")


def test_pickled_weights_beside_a_config_are_not_loaded(tiny_folder: Path, tmp_path: Path) -> None:
    import torch

    folder = Path(shutil.copytree(tiny_folder, tmp_path / "copy"))
    weights = load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu").model.state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="only pickled weights"):
        load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")


def test_code_that_comes_with_a_model_is_not_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "copy"))
    marker = tmp_path / "ran"
    (folder / "modeling_evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "evil",
        "auto_map": {"AutoConfig": "modeling_evil.Evil", "AutoModel": "modeling_evil.Evil"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")
    assert not marker.exists()


def test_a_truncated_weight_file_is_said(tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "copy"))
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(EncoderError, match=r"weights in .* cannot be loaded"):
        load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")


def test_weights_that_are_missing_are_never_drawn_at_random(tiny_folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(tiny_folder, tmp_path / "copy"))
    tensors = load_file(folder / "model.safetensors")
    without_pooler = {key: value for key, value in tensors.items() if "pooler" not in key}
    save_file(without_pooler, folder / "model.safetensors", metadata={"format": "pt"})
    encoder = load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")
    assert encoder.embed(["good film"]).shape == (1, 32)
    with pytest.raises(EncoderError, match="no trained pooler"):
        load_encoder(EncoderSettings(str(folder), max_length=16, pooling="pooler"), device="cpu")
    del without_pooler[next(key for key in without_pooler if "layer.1.output" in key)]
    save_file(without_pooler, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="lacks 1 of its model's weights"):
        load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")


def test_half_precision_checkpoints_are_computed_in_float32(
    make_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModel

    folder = make_tiny(tmp_path / "half")
    AutoModel.from_pretrained(folder).half().save_pretrained(folder)
    encoder = load_encoder(EncoderSettings(str(folder), max_length=16), device="cpu")
    assert encoder.model.dtype == torch.float32
    assert encoder.embed(["good"]).dtype == np.float32
