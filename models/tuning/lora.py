"""Low-rank updates through peft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.errors import TuningError

if TYPE_CHECKING:
    from models.tuning.settings import TuningSettings

__all__ = ["merge_lora", "wrap_lora"]


def wrap_lora(model: Any, settings: TuningSettings) -> Any:
    """Freeze a model and add low-rank updates to all its linear layers.

    All layers rather than attention only: at small ranks that is what closes the gap to full fine-tuning
    (Dettmers et al., "QLoRA", NeurIPS 2023).

    Raises
    ------
    TuningError
        If peft finds no layer that it can update.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules="all-linear",
        bias="none",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise TuningError(
            f"LoRA cannot be put onto a {type(model).__name__} ({str(error)[:120]})",
            consequence="nothing was tuned",
            next_step="set tuning.method in params.yaml to full",
        ) from error


def merge_lora(wrapped: Any) -> Any:
    """Fold the updates into the weights; what comes out is a plain model again."""
    merged = wrapped.merge_and_unload(safe_merge=True)
    for parameter in merged.parameters():
        parameter.requires_grad_(True)
    return merged
