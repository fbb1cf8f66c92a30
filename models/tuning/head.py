"""The head of a tuned model: a linear layer on pooled embeddings, and what its outputs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Head"]


@dataclass(frozen=True, eq=False)
class Head:
    """A linear head.

    Attributes
    ----------
    weight, bias
        float32 [c, d] and [c], on pooled embeddings; zero rows when no head is known.
    classes
        The c labels in the head's order; empty for regression, or when no head is known.
    label_mean, label_std
        A regression head predicts ``(label - mean) / std``.
    note
        Why there is no head, in a few words; empty when there is one.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    classes: tuple[str, ...] = ()
    label_mean: float = 0.0
    label_std: float = 1.0
    note: str = ""

    @classmethod
    def absent(cls, dim: int, note: str) -> Head:
        """No head on embeddings of a width; ``note`` says why."""
        return cls(np.zeros((0, dim), dtype=np.float32), np.zeros(0, dtype=np.float32), note=note)

    @property
    def is_known(self) -> bool:
        """Whether there is a head at all."""
        return bool(self.bias.size)

    def logits(self, embeddings: NDArray[Any]) -> NDArray[np.float64]:
        """Give the head's outputs, float64 [n, c], for tuned embeddings [n, d]."""
        wide = np.asarray(embeddings, dtype=np.float64)
        return np.asarray(wide @ self.weight.T.astype(np.float64) + self.bias, dtype=np.float64)

    def probabilities(self, embeddings: NDArray[Any]) -> NDArray[np.float64]:
        """Predict class probabilities [n, c] for tuned embeddings [n, d].

        Raises
        ------
        EncoderError
            If there is no classification head.
        """
        if not self.classes:
            raise EncoderError(
                f"this tuned model has no classification head ({self.note or 'it is a regression'})",
                consequence="nothing was predicted",
                next_step="use a scorer that does not need the source's predictions",
            )
        logits = self.logits(embeddings)
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)
