"""The weight matrices of an encoder's linear layers: what the traces of a tuning run are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["linear_weights"]


def linear_weights(model: Any) -> dict[str, torch.Tensor]:
    """Give the weights [out, in] of all linear layers by name, in the model's own order.

    Embedding tables are left out: what happens to them says which tokens a source's texts have, which token
    counts say better, and BERT's has more rows than all the rest of MiniLM together. Biases and norms are vectors
    of a few per mille of the weights.
    """
    import torch

    return {
        f"{name}.weight": module.weight
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
