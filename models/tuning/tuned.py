"""A tuned encoder with its head, and how it lies on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.errors import EncoderError
from models.tuning.head import Head

if TYPE_CHECKING:
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
    head
        The linear layer on its pooled embedding; see :class:`~models.tuning.head.Head`.
    losses
        Training loss of every step; empty for a model tuned elsewhere.
    seconds
        Wall time of the training.
    """

    encoder: Encoder
    head: Head
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), config, tokenizer and head; ``AutoModel`` reads the folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.model.save_pretrained(str(folder), safe_serialization=True)
        self.encoder.tokenizer.save_pretrained(str(folder))
        tensors = {
            "weight": np.ascontiguousarray(self.head.weight),
            "bias": np.ascontiguousarray(self.head.bias),
        }
        save_file(tensors, str(folder / HEAD_WEIGHTS))
        facts = {
            "layout": LAYOUT,
            "pooling": self.encoder.settings.pooling,
            "classes": list(self.head.classes),
            "label_mean": self.head.label_mean,
            "label_std": self.head.label_std,
            "losses": self.losses,
            "seconds": self.seconds,
            "head_note": self.head.note,
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
        head = Head(
            weight,
            bias,
            classes,
            label_mean=float(facts["label_mean"]),
            label_std=float(facts["label_std"]),
            note=str(facts["head_note"]),
        )
        return TunedEncoder(
            encoder,
            head,
            losses=[float(loss) for loss in facts["losses"]],
            seconds=float(facts["seconds"]),
        )
    except Exception as error:  # safetensors raises a class of its own that derives from Exception
        raise EncoderError(
            f"the head in {folder} cannot be used ({str(error)[:120]})",
            consequence="nothing was loaded",
            next_step="tune the source again with `springboard ingest NAME`",
        ) from error
