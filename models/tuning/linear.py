"""An encoder's linear layers and their weight matrices: what the traces of a tuning run are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

__all__ = ["linear_layers", "linear_weights"]


def linear_layers(model: Any) -> dict[str, torch.nn.Linear]:
    """Give all linear layers by name, in the model's own order.

    Embedding tables are left out: what happens to them says which tokens a source's texts have, which token
    counts say better, and BERT's has more rows than all the rest of MiniLM together. Biases and norms are vectors
    of a few per mille of the weights.
    """
    import torch

    return {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}


def linear_weights(model: Any) -> dict[str, torch.Tensor]:
    """Give the weights [out, in] of the :func:`linear_layers` by name."""
    return {f"{name}.weight": layer.weight for name, layer in linear_layers(model).items()}
