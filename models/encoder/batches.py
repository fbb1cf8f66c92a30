"""Tokenised texts and the batches they are encoded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["Tokens", "padded", "plan_batches", "tokenise"]

TOKEN_BUDGET = 2048
"""Padded tokens in a batch at most. On CPUs larger batches fall out of the cache and are no faster."""


@dataclass(frozen=True)
class Tokens:
    """n tokenised rows.

    ``fields`` maps a model input's name to one list of ints a row; ``lengths`` is int64 [n]; ``padding``
    holds each field's value for "no token here".
    """

    fields: dict[str, list[list[int]]]
    lengths: np.ndarray[Any, np.dtype[np.int64]]
    padding: dict[str, int]

    def __len__(self) -> int:
        return int(self.lengths.size)


def tokenise(tokenizer: Any, text_a: Sequence[str], text_b: Sequence[str] | None, max_length: int) -> Tokens:
    """Tokenise every row once, cut to ``max_length`` tokens, unpadded; pairs are encoded as pairs."""
    second = None if text_b is None else list(text_b)
    if not len(text_a):
        return Tokens({"input_ids": []}, np.zeros(0, dtype=np.int64), {})
    encoded = tokenizer(list(text_a), second, truncation=True, max_length=max_length, padding=False)
    fields = {name: rows for name, rows in encoded.items() if name in ("input_ids", "token_type_ids")}
    lengths = np.fromiter((len(row) for row in fields["input_ids"]), dtype=np.int64, count=len(text_a))
    padding = {
        "input_ids": int(tokenizer.pad_token_id or 0),
        "token_type_ids": int(getattr(tokenizer, "pad_token_type_id", 0) or 0),
    }
    return Tokens(fields, lengths, padding)


def plan_batches(
    lengths: np.ndarray[Any, np.dtype[np.int64]], batch_size: int, budget: int = TOKEN_BUDGET
) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    """Cut rows, longest first, into batches of at most ``batch_size`` rows and ``budget`` padded tokens.

    Longest first, so that a batch too large for the device fails at the start rather than an hour in.

    Returns
    -------
    list of numpy.ndarray
        Row numbers; every row is in exactly one batch.
    """
    order = np.argsort(-lengths, kind="stable")
    batches = []
    start = 0
    while start < order.size:
        longest = max(1, int(lengths[order[start]]))
        rows = max(1, min(batch_size, budget // longest))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def padded(
    tokens: Tokens, rows: Sequence[int] | np.ndarray[Any, Any], device: str
) -> dict[str, torch.Tensor]:
    """Gather rows into tensors [rows, longest], padded on the right, with their attention mask."""
    import torch

    lengths = tokens.lengths[np.asarray(rows)]
    width = max(1, int(lengths.max()))
    inputs: dict[str, torch.Tensor] = {}
    for name, values in tokens.fields.items():
        block = np.full((len(rows), width), tokens.padding[name], dtype=np.int64)
        for place, row in enumerate(rows):
            block[place, : lengths[place]] = values[row]
        inputs[name] = torch.from_numpy(block)
    inputs["attention_mask"] = torch.from_numpy((np.arange(width) < lengths[:, None]).astype(np.int64))
    return {name: value.to(device) for name, value in inputs.items()}
