"""Models tuned elsewhere: brought in place of a fine-tuning run of our own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.encoder import Encoder
from models.encoder.identity import hash_model_folder, weight_files, weights_id
from models.encoder.load import load_backbone, load_tokenizer
from models.encoder.locate import locate_model
from models.errors import EncoderError
from models.tuning.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS, load_adapter
from models.tuning.head import Head
from models.tuning.tuned import HEAD_FILE, HEAD_WEIGHTS, TunedEncoder, read_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_tuned", "tuned_model_id"]

# In these families a classification checkpoint's ``classifier`` stands directly on the pooler output.
_ON_POOLER = {"albert", "bert", "big_bird", "ernie", "nezha", "rembert"}


def tuned_model_id(ref: str, cache_file: Path | None = None, revision: str | None = None) -> str:
    """Name a tuned model by its content: weights, tokenizer, config, adapter and head; 32 hex digits.

    Raises
    ------
    ReadError, EncoderError
        If it cannot be found, or holds no safetensors weights.
    """
    folder = locate_model(ref, revision)
    if (folder / ADAPTER_CONFIG).is_file():
        parts = [(folder / name) for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)]
        if not parts[1].is_file():
            raise _refuse(folder, f"holds no {ADAPTER_WEIGHTS}", "save the adapter with safetensors")
        digest = hashlib.sha256(b"".join(hashlib.sha256(part.read_bytes()).digest() for part in parts))
        return digest.hexdigest()[:32]
    return hash_model_folder(folder, cache_file, (folder / HEAD_FILE, folder / HEAD_WEIGHTS))[:32]


def load_tuned(ref: str, base: Encoder, *, revision: str | None = None) -> TunedEncoder:
    """Load a model that was tuned elsewhere from the same base.

    Takes what :meth:`TunedEncoder.save` wrote, a plain checkpoint, a classification checkpoint, or a peft
    adapter. A head is kept only where it stands on the very embedding that ``base``'s pooling gives; applied
    to any other it would predict nonsense, so it is left out and the head's ``note`` says why.

    Parameters
    ----------
    ref
        Hub id, folder or ``package:<import name>``.
    base
        The encoder it was tuned from; gives the pooling, the max length and the device.
    revision
        Hub commit, tag or branch.

    Raises
    ------
    ReadError
        If it cannot be found.
    EncoderError
        If it cannot be loaded, or is of another width or vocabulary than the base.
    """
    folder = locate_model(ref, revision)
    if (folder / ADAPTER_CONFIG).is_file():
        model, weight, bias, note = load_adapter(folder, base)
        return _tuned(model, base, _head(weight, bias, _json(folder / ADAPTER_CONFIG), model, base, note))
    config = _json(folder / "config.json")
    _check_base(folder, config, base)
    model, missing = load_backbone(folder)
    if base.settings.pooling == "pooler" and any("pooler" in key for key in missing):
        raise _refuse(folder, "has no trained pooler weights", "set the encoder's pooling to mean or first")
    if (folder / HEAD_FILE).is_file():
        return read_head(folder, _tuned(model, base, Head.absent(base.dim, "")).encoder)
    weight, bias = _classifier(folder, base.dim)
    note = "" if len(bias) else "the checkpoint has no plain linear head"
    return _tuned(model, base, _head(weight, bias, config, model, base, note))


def _tuned(model: Any, base: Encoder, head: Head) -> TunedEncoder:
    encoder = Encoder(
        identity=weights_id(base.id, model),
        settings=base.settings,
        model=model.to(base.device).eval(),
        tokenizer=base.tokenizer,
        device=base.device,
    )
    return TunedEncoder(encoder, head)


def _head(
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    config: dict[str, Any],
    model: Any,
    base: Encoder,
    note: str,
) -> Head:
    """Take a checkpoint's head where it stands on the embedding that the base's pooling gives."""
    if not len(bias):
        return Head.absent(base.dim, note)
    kind, pooling = model.config.model_type, base.settings.pooling
    if pooling != "pooler" or kind not in _ON_POOLER:
        return Head.absent(
            base.dim, f"a {kind} classifier does not stand on {pooling} pooling and was left out"
        )
    return Head(weight, bias, _classes(config, len(bias)))


def _check_base(folder: Path, config: dict[str, Any], base: Encoder) -> None:
    width = config.get("hidden_size", config.get("dim", config.get("d_model")))
    if width != base.dim:
        raise _refuse(
            folder,
            f"has width {width}, and the base encoder {base.settings.ref} {base.dim}",
            "bring a model that was tuned from this base encoder",
        )
    has_tokenizer = any(folder.glob("tokenizer*")) or any(folder.glob("vocab*"))
    same = (
        load_tokenizer(folder).get_vocab() == base.tokenizer.get_vocab()
        if has_tokenizer
        else config.get("vocab_size") == base.model.config.vocab_size
    )
    if not same:
        raise _refuse(
            folder,
            f"has another vocabulary than the base encoder {base.settings.ref}",
            "bring a model that was tuned from this base encoder",
        )


def _classifier(folder: Path, dim: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read a checkpoint's head, if ``classifier`` or ``score`` is one matrix [c, d], with a bias or not."""
    from safetensors import safe_open

    found: dict[str, NDArray[np.float32]] = {}
    for file in weight_files(folder):
        with safe_open(str(file), framework="pt") as tensors:
            for key in tensors.keys():  # noqa: SIM118 - not a mapping
                if key.split(".")[0] in ("classifier", "score"):
                    found[key.split(".", 1)[1]] = tensors.get_tensor(key).float().numpy()
    weight, bias = found.get("weight"), found.get("bias")
    if weight is None or weight.ndim != 2 or weight.shape[1] != dim or set(found) - {"weight", "bias"}:
        return np.zeros((0, dim), dtype=np.float32), np.zeros(0, dtype=np.float32)
    return weight, np.zeros(weight.shape[0], dtype=np.float32) if bias is None else bias


def _classes(config: dict[str, Any], width: int) -> tuple[str, ...]:
    """Name the classes as the checkpoint does; a head of one output is a regression and has none."""
    if width < 2:
        return ()
    names = config.get("id2label") or {}
    return tuple(str(names.get(str(place), place)) for place in range(width))


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refuse(
            file.parent, f"has no readable {file.name}", "copy or download the model again"
        ) from error
    return content if isinstance(content, dict) else {}


def _refuse(folder: Path, what: str, next_step: str) -> EncoderError:
    return EncoderError(
        f"the tuned model {folder} {what}", consequence="the source stays pending", next_step=next_step
    )
