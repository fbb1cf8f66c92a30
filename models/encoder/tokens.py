"""Texts token by token: how often each token stands in them, and its vectors in context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.batches import padded, plan_batches, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder.encoder import Encoder

__all__ = ["count_tokens", "sample_token_vectors"]


def count_tokens(
    encoder: Encoder, text_a: Sequence[str], text_b: Sequence[str] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count the tokens of texts as the encoder reads them (cut to its length), special tokens left out.

    An unknown token is a special one: it stands for any word.

    Returns
    -------
    ids, counts
        int32 [v] each: the ids that occur, sorted, and how often.
    """
    tokens = tokenise(encoder.tokenizer, text_a, text_b, encoder.settings.max_length)
    rows = [np.asarray(row, dtype=np.int32) for row in tokens.fields["input_ids"]]
    everything = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32)
    ids, counts = np.unique(everything, return_counts=True)
    kept = ~np.isin(ids, encoder.tokenizer.all_special_ids)
    return ids[kept].astype(np.int32), counts[kept].astype(np.int32)


def sample_token_vectors(
    encoder: Encoder, text_a: Sequence[str], text_b: Sequence[str] | None = None, *, size: int, seed: int
) -> NDArray[np.float32]:
    """Draw tokens of texts and give their vectors in context, from the model's last layer.

    Parameters
    ----------
    encoder
        Its pooling does not matter.
    text_a, text_b
        n texts, or pairs, all of which are encoded.
    size
        Vectors at most.
    seed
        Decides which tokens are drawn; all are as likely, special ones left out.

    Returns
    -------
    numpy.ndarray
        float32 [t, d], t <= size, in the order of the rows.
    """
    import torch

    tokens = tokenise(encoder.tokenizer, text_a, text_b, encoder.settings.max_length)
    special = encoder.tokenizer.all_special_ids
    places = [np.flatnonzero(~np.isin(row, special)) for row in tokens.fields["input_ids"]]
    chosen = _draw(places, size, seed)
    found: dict[int, NDArray[Any]] = {}
    with torch.inference_mode():
        for rows in plan_batches(tokens.lengths, encoder.settings.batch_size):
            wanted = [int(row) for row in rows if len(chosen[row])]
            if not wanted:
                continue
            states = encoder.model(**padded(tokens, wanted, encoder.device)).last_hidden_state
            for number, row in enumerate(wanted):
                found[row] = states[number, torch.from_numpy(chosen[row])].float().cpu().numpy()
    if not found:
        return np.zeros((0, encoder.dim), dtype=np.float32)
    return np.concatenate([found[row] for row in sorted(found)])


def _draw(places: list[NDArray[np.int64]], size: int, seed: int) -> list[NDArray[np.int64]]:
    """Draw among all rows' places together; gives each row's, in order."""
    owners = np.repeat(np.arange(len(places)), [len(row) for row in places])
    flat = np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
    count = min(size, len(flat))
    drawn = np.sort(np.random.default_rng(seed).choice(len(flat), size=count, replace=False))
    return [flat[drawn[owners[drawn] == row]] for row in range(len(places))]
