"""From token states to one vector a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.errors import EncoderError

if TYPE_CHECKING:
    import torch

    from models.encoder.settings import Pooling

__all__ = ["pool"]


def pool(outputs: Any, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Pool a model's outputs, ignoring padding.

    Parameters
    ----------
    outputs
        What ``AutoModel`` returns: ``last_hidden_state`` [n, tokens, d] and perhaps ``pooler_output`` [n, d].
    mask
        [n, tokens], 1 at real tokens.
    pooling
        ``mean`` over real tokens, the ``first`` token, or the model's own ``pooler``.

    Returns
    -------
    torch.Tensor
        [n, d], on the graph.

    Raises
    ------
    EncoderError
        If ``pooler`` is asked of a model that has none.
    """
    if pooling == "pooler":
        pooled: torch.Tensor | None = getattr(outputs, "pooler_output", None)
        if pooled is None:
            raise EncoderError(
                "this model has no pooler output",
                consequence="nothing was embedded",
                next_step="set the encoder's pooling to mean or first",
            )
        return pooled
    states: torch.Tensor = outputs.last_hidden_state
    if pooling == "first":
        return states[:, 0]
    weights = mask.to(states.dtype).unsqueeze(-1)
    # A text without a single token has no mean; the clamp makes it the zero vector rather than NaN.
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1.0)
