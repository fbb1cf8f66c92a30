"""A loaded encoder: texts in, vectors out."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.batches import Tokens, padded, plan_batches, tokenise
from models.encoder.pooling import pool
from models.errors import EncoderError
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder.settings import EncoderSettings

__all__ = ["Encoder"]


class Encoder:
    """A base language model with its tokenizer, pooling and max length.

    Made by :func:`models.encoder.load_encoder`.

    Attributes
    ----------
    id
        What :func:`models.encoder.encoder_id` says; a tuned encoder has its base's id with a hash of its
        weights.
    dim
        Width d of an embedding.
    settings, model, tokenizer, device
        What it was made of, and where it runs (``cpu``, ``cuda``, ``mps``).
    """

    def __init__(
        self, *, identity: str, settings: EncoderSettings, model: Any, tokenizer: Any, device: str
    ) -> None:
        self.id = identity
        self.settings = settings
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.dim = int(model.config.hidden_size)

    def embed(
        self,
        text_a: Sequence[str],
        text_b: Sequence[str] | None = None,
        *,
        on_progress: OnProgress = silent,
    ) -> NDArray[np.float32]:
        """Embed rows of one text, or of two.

        Texts are tokenised once, sorted by their number of tokens, and padded only to the longest of their
        batch; a row's vector does not depend on its neighbours beyond rounding (about 1e-6).

        Parameters
        ----------
        text_a
            n texts.
        text_b
            The n second texts of a pair task; each pair is encoded as the tokenizer encodes pairs.
        on_progress
            Called with (rows done, n).

        Returns
        -------
        numpy.ndarray
            float32 [n, d], in the order of the input.

        Raises
        ------
        EncoderError
            If the two sides differ in length, or the model returns numbers that are not finite.
        """
        if isinstance(text_a, str) or isinstance(text_b, str):
            raise _refuse("embed takes a list of texts and got one text", "wrap it in a list")
        if text_b is not None and len(text_b) != len(text_a):
            raise _refuse(
                f"{len(text_a)} first texts but {len(text_b)} second ones", "pass one of each a row"
            )
        tokens = tokenise(self.tokenizer, text_a, text_b, self.settings.max_length)
        result = np.empty((len(tokens), self.dim), dtype=np.float32)
        was_training = self.model.training
        self.model.eval()
        try:
            done = 0
            for rows in plan_batches(tokens.lengths, self.settings.batch_size):
                result[rows] = self._forward(tokens, rows)
                done += len(rows)
                on_progress(done, len(tokens))
        finally:
            self.model.train(was_training)
        bad = int(np.count_nonzero(~np.isfinite(result).all(axis=1)))
        if bad:
            raise _refuse(
                f"the encoder returned numbers that are not finite for {bad} of {len(tokens)} texts",
                "check the weights; a half-precision checkpoint can overflow",
            )
        return result

    def count_tokens(
        self, text_a: Sequence[str], text_b: Sequence[str] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Count the tokens of texts, see :func:`models.encoder.tokens.count_tokens`."""
        from models.encoder.tokens import count_tokens

        return count_tokens(self, text_a, text_b)

    def sample_token_vectors(
        self, text_a: Sequence[str], text_b: Sequence[str] | None = None, *, size: int, seed: int
    ) -> NDArray[np.float32]:
        """Draw vectors of single tokens, see :func:`models.encoder.tokens.sample_token_vectors`."""
        from models.encoder.tokens import sample_token_vectors

        return sample_token_vectors(self, text_a, text_b, size=size, seed=seed)

    def clone(self) -> Encoder:
        """Copy the encoder with weights of its own (the tokenizer is shared), for tuning."""
        return Encoder(
            identity=self.id,
            settings=self.settings,
            model=copy.deepcopy(self.model),
            tokenizer=self.tokenizer,
            device=self.device,
        )

    def _forward(self, tokens: Tokens, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        import torch

        try:
            with torch.inference_mode():
                inputs = padded(tokens, rows, self.device)
                pooled = pool(self.model(**inputs), inputs["attention_mask"], self.settings.pooling)
                return np.asarray(pooled.float().cpu().numpy(), dtype=np.float32)
        except torch.OutOfMemoryError:
            if len(rows) == 1:
                raise _refuse(
                    f"{int(tokens.lengths[rows[0]])} tokens do not fit into {self.device}'s memory",
                    "lower the encoder's max_length, or use another device",
                ) from None
        # Outside the except block: the failed batch's tensors live as long as its traceback does.
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        half = len(rows) // 2
        return np.concatenate([self._forward(tokens, rows[:half]), self._forward(tokens, rows[half:])])


def _refuse(what: str, next_step: str) -> EncoderError:
    return EncoderError(what, consequence="nothing was embedded", next_step=next_step)
