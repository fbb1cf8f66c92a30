from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.encoder import EncoderSettings, encoder_id
from models.errors import EncoderError, UnreadableError


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))


def _id(folder: Path, **changes: object) -> str:
    return encoder_id(replace(EncoderSettings(str(folder)), **changes))  # type: ignore[arg-type]


def test_the_place_and_the_batch_size_do_not_count(folder: Path, tiny_folder: Path) -> None:
    assert _id(folder) == _id(tiny_folder) == _id(tiny_folder, batch_size=3)
    assert len(_id(folder)) == 32


@pytest.mark.parametrize("change", [{"pooling": "first"}, {"max_length": 64}])
def test_settings_that_change_embeddings_count(folder: Path, change: dict[str, object]) -> None:
    assert _id(folder) != _id(folder, **change)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "vocab.txt"])
def test_each_file_counts(folder: Path, name: str) -> None:
    before = _id(folder)
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    assert _id(folder) != before


def test_the_config_counts_but_not_its_bookkeeping(folder: Path) -> None:
    before = _id(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {"_name_or_path": "/x", "transformers_version": "9"})
    )
    assert _id(folder) == before
    (folder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    assert _id(folder) != before


def test_the_cache_spares_reading_and_survives_being_broken(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "cache.json"
    settings = EncoderSettings(str(folder))
    fresh = encoder_id(settings, cache)
    remembered = json.loads(cache.read_text())
    assert {Path(name).name for name in remembered} >= {"model.safetensors", "tokenizer.json"}
    # What is remembered is believed: a changed digest shows that the file was not read again.
    weights = str((folder / "model.safetensors").resolve())
    remembered[weights][2] = "0" * 64
    cache.write_text(json.dumps(remembered))
    assert encoder_id(settings, cache) != fresh
    for broken in ("{", "[]", json.dumps({weights: 3}), "\x00"):
        cache.write_text(broken)
        assert encoder_id(settings, cache) == fresh
    assert json.loads(cache.read_text())[weights][2] != "0" * 64
    assert [file.name for file in cache.parent.iterdir()] == ["cache.json"]


def test_the_cache_notices_a_changed_file(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    before = encoder_id(EncoderSettings(str(folder)), cache)
    with (folder / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    assert encoder_id(EncoderSettings(str(folder)), cache) != before


def test_shards_are_hashed_and_missed(make_tiny: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "sharded")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    assert len(_id(folder)) == 32
    index.write_text(json.dumps({"weight_map": {"a": "model-00002-of-00002.safetensors"}}))
    with pytest.raises(EncoderError, match="1 of 1 weight files"):
        _id(folder)


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"no model\.safetensors"):
        _id(folder)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(EncoderError, match=r"only pickled weights.*never read"):
        _id(folder)


def test_a_broken_config_is_said(folder: Path) -> None:
    (folder / "config.json").write_text("{oops")
    with pytest.raises(UnreadableError, match="is not JSON"):
        _id(folder)
    (folder / "config.json").unlink()
    with pytest.raises(EncoderError, match=r"no config\.json"):
        _id(folder)
