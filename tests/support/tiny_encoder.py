"""A BERT of two layers with random weights and a vocabulary of a few words: loads in milliseconds."""

from __future__ import annotations

from pathlib import Path

__all__ = ["WORDS", "write_tiny"]

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
