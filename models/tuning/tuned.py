"""A tuned encoder with its head, and how it lies on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder import Encoder

__all__ = ["HEAD_FILE", "HEAD_WEIGHTS", "TunedEncoder", "read_head"]

HEAD_FILE = "springboard_head.json"
HEAD_WEIGHTS = "springboard_head.safetensors"
LAYOUT = 1


@dataclass(frozen=True, eq=False)
class TunedEncoder:
    """An encoder after fine-tuning on a source.

    Attributes
    ----------
    encoder
        With the tuned weights; its ``embed`` is what :class:`~models.encoder.Encoder` has.
    head_weight, head_bias
        float32 [c, d] and [c], on pooled embeddings; zero rows when no head is known.
    classes
        The c labels in the head's order; empty for regression, or when no head is known.
    label_mean, label_std
        A regression head predicts ``(label - mean) / std``.
    losses
        Training loss of every step; empty for a model tuned elsewhere.
    seconds
        Wall time of the training.
    head_note
        Why there is no head, in a few words; empty when there is one.
    """

    encoder: Encoder
    head_weight: NDArray[np.float32]
    head_bias: NDArray[np.float32]
    classes: tuple[str, ...]
    label_mean: float = 0.0
    label_std: float = 1.0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    head_note: str = ""

    def probabilities(self, embeddings: NDArray[Any]) -> NDArray[np.float64]:
        """Predict class probabilities [n, c] for tuned embeddings [n, d].

        Raises
        ------
        EncoderError
            If there is no classification head.
        """
        if not self.classes:
            raise EncoderError(
                f"this tuned model has no classification head ({self.head_note or 'it is a regression'})",
                consequence="nothing was predicted",
                next_step="use a scorer that does not need the source's predictions",
            )
        logits = (
            np.asarray(embeddings, dtype=np.float64) @ self.head_weight.T.astype(np.float64) + self.head_bias
        )
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), config, tokenizer and head; ``AutoModel`` reads the folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.model.save_pretrained(str(folder), safe_serialization=True)
        self.encoder.tokenizer.save_pretrained(str(folder))
        tensors = {
            "weight": np.ascontiguousarray(self.head_weight),
            "bias": np.ascontiguousarray(self.head_bias),
        }
        save_file(tensors, str(folder / HEAD_WEIGHTS))
        facts = {
            "layout": LAYOUT,
            "pooling": self.encoder.settings.pooling,
            "classes": list(self.classes),
            "label_mean": self.label_mean,
            "label_std": self.label_std,
            "losses": self.losses,
            "seconds": self.seconds,
            "head_note": self.head_note,
        }
        (folder / HEAD_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")


def read_head(folder: Path, encoder: Encoder) -> TunedEncoder:
    """Read the head that :meth:`TunedEncoder.save` wrote, for an encoder with the folder's weights.

    Raises
    ------
    EncoderError
        If it is broken, of another layout, or stands on another pooling.
    """
    from safetensors.numpy import load_file

    try:
        facts = json.loads((folder / HEAD_FILE).read_text(encoding="utf-8"))
        tensors = load_file(str(folder / HEAD_WEIGHTS))
        weight, bias, classes = tensors["weight"], tensors["bias"], tuple(map(str, facts["classes"]))
        fits = facts["layout"] == LAYOUT and facts["pooling"] == encoder.settings.pooling
        fits = fits and weight.shape == (bias.size, encoder.dim) and len(classes) in (0, bias.size)
        if not fits:
            raise ValueError("its layout, pooling or shapes do not fit this encoder")
        return TunedEncoder(
            encoder=encoder,
            head_weight=weight,
            head_bias=bias,
            classes=classes,
            label_mean=float(facts["label_mean"]),
            label_std=float(facts["label_std"]),
            losses=[float(loss) for loss in facts["losses"]],
            seconds=float(facts["seconds"]),
            head_note=str(facts["head_note"]),
        )
    except Exception as error:  # safetensors raises a class of its own that derives from Exception
        raise EncoderError(
            f"the head in {folder} cannot be used ({str(error)[:120]})",
            consequence="nothing was loaded",
            next_step="tune the source again with `springboard ingest NAME`",
        ) from error
