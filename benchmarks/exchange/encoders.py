"""Tiny encoders with random weights, one of each kind that `hf-dataset-selector` embeds with; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

__all__ = ["KINDS", "WIDTH", "WORDS", "write_encoders"]

WIDTH = 32
WORDS = tuple(
    "good bad fine awful film book red blue one two three the not a dull bright slow quick".split()  # noqa: SIM905
)
# Name (an owner and a model, since the package looks for `sentence-transformers` in it) -> class, config.
KINDS = {
    "tiny/bert": ("BertModel", "BertConfig"),
    "sentence-transformers/tiny-bert": ("BertModel", "BertConfig"),
    "tiny/roberta": ("RobertaModel", "RobertaConfig"),
    "tiny/distilbert": ("DistilBertModel", "DistilBertConfig"),
}


def write_encoders(folder: Path) -> list[str]:
    """Write one encoder of each kind under ``folder``; returns their names."""
    for seed, name in enumerate(KINDS):
        _write(folder / name, *KINDS[name], seed)
    return list(KINDS)


def _write(folder: Path, model: str, config: str, seed: int) -> None:
    import torch
    import transformers

    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = transformers.BertTokenizerFast.from_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    sizes: dict[str, object] = {
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 132,
        "initializer_range": 0.2,
        "pad_token_id": 0,
    }
    if model == "DistilBertModel":
        sizes |= {"dim": WIDTH, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}
    else:
        sizes |= {
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
        }
    torch.manual_seed(seed)
    getattr(transformers, model)(getattr(transformers, config)(**sizes)).save_pretrained(str(folder))
