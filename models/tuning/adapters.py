"""peft adapters made elsewhere, folded into a copy of the base encoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder.encoder import Encoder

__all__ = ["ADAPTER_CONFIG", "ADAPTER_WEIGHTS", "load_adapter"]

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def load_adapter(folder: Path, base: Encoder) -> tuple[Any, NDArray[np.float32], NDArray[np.float32], str]:
    """Fold an adapter into a copy of the base model.

    Parameters
    ----------
    folder
        Holds ``adapter_config.json`` and ``adapter_model.safetensors``.
    base
        The encoder it was made for.

    Returns
    -------
    model
        A plain model.
    weight, bias
        The linear head [c, d], [c] that a sequence classification adapter saved with it; zero rows when it
        has none.
    note
        Why there is no head; empty when there is one.

    Raises
    ------
    EncoderError
        If the adapter is pickled, or does not fit the base model's layers.
    """
    from peft import PeftConfig, get_peft_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise _refuse(
            folder, f"holds no {ADAPTER_WEIGHTS}", "save it with safetensors; pickles are never read"
        )
    try:
        settings = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        config = PeftConfig.from_pretrained(str(folder))
        # The head is read apart; without a task type and without modules to save, peft adds to a bare model.
        config.task_type, config.modules_to_save, config.inference_mode = None, None, True
        state, head = _split(load_file(str(folder / ADAPTER_WEIGHTS)), base.model.base_model_prefix)
        wrapped = get_peft_model(base.clone().model, config)
        outcome = set_peft_model_state_dict(wrapped, state)
        wanted = {key for key in wrapped.state_dict() if "lora_" in key}
        if outcome.unexpected_keys or len(wanted) != len(state):
            raise ValueError(f"{len(state)} weights for {len(wanted)} places")
    except Exception as error:  # peft raises by adapter kind: ValueError, KeyError, RuntimeError, ...
        first = next(iter(str(error).strip().splitlines()), "")[:160]
        raise _refuse(folder, f"does not fit the base encoder ({first})", "bring one made for it") from error
    weight, bias = head.get("weight"), head.get("bias")
    if settings.get("task_type") != "SEQ_CLS" or weight is None or weight.shape[1:] != (base.dim,):
        empty = np.zeros((0, base.dim), dtype=np.float32)
        return wrapped.merge_and_unload(), empty, empty[:, 0], "the adapter has no plain linear head"
    return wrapped.merge_and_unload(), weight, np.zeros(len(weight), np.float32) if bias is None else bias, ""


def _split(state: dict[str, Any], prefix: str) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """Part an adapter's weights into the encoder's, named as a bare model names them, and a head's."""
    start = "base_model.model."
    encoder: dict[str, Any] = {}
    head: dict[str, NDArray[np.float32]] = {}
    for key, tensor in state.items():
        name = key.removeprefix(start)
        first, _, rest = name.partition(".")
        if first in ("classifier", "score"):
            head[rest.removeprefix("modules_to_save.default.")] = tensor.float().numpy()
        else:
            encoder[start + (rest if prefix and first == prefix else name)] = tensor
    return encoder, head


def _refuse(folder: Path, what: str, next_step: str) -> EncoderError:
    return EncoderError(
        f"the adapter in {folder} {what}", consequence="the source stays pending", next_step=next_step
    )
