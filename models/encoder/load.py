"""Loading an encoder: safetensors only, no remote code, on the best device there is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.encoder.encoder import Encoder
from models.encoder.identity import encoder_id, weight_files
from models.encoder.locate import locate_model
from models.errors import EncoderError, SettingsError

if TYPE_CHECKING:
    from models.encoder.settings import EncoderSettings

__all__ = ["load_backbone", "load_encoder", "load_tokenizer"]


def load_encoder(
    settings: EncoderSettings, *, device: str | None = None, cache_file: Path | None = None
) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    settings
        What to load.
    device
        A torch device; None takes CUDA, else Apple's MPS, else the CPU.
    cache_file
        See :func:`models.encoder.encoder_id`.

    Raises
    ------
    UnknownReferenceError, OfflineError
        See :func:`models.encoder.locate.locate_model`.
    EncoderError
        Only pickled weights, a checkpoint that lacks some of its weights, or a pooler that was never trained.
    SettingsError
        If ``max_length`` is more than the model has positions for.
    """
    folder = locate_model(settings.ref, settings.revision)
    identity = encoder_id(settings, cache_file)
    tokenizer = load_tokenizer(folder)
    model, missing = load_backbone(folder)
    if settings.pooling == "pooler" and any("pooler" in key for key in missing):
        raise EncoderError(
            f"{settings.ref} has no trained pooler weights",
            consequence="no encoder was loaded; an untrained pooler would give random embeddings",
            next_step="set the encoder's pooling to mean or first",
        )
    _check_length(settings, model.config)
    place = device or _best_device()
    return Encoder(
        identity=identity, settings=settings, model=model.to(place).eval(), tokenizer=tokenizer, device=place
    )


def load_tokenizer(folder: Path) -> Any:
    """Load a folder's tokenizer.

    Raises
    ------
    EncoderError
        If transformers cannot.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises almost anything here, by model type
        raise _unloadable(folder, "tokenizer", error) from error


def load_backbone(folder: Path) -> tuple[Any, list[str]]:
    """Load a folder's weights as ``AutoModel`` in float32.

    A head that the checkpoint has on top is left out.

    Returns
    -------
    model
        In training mode as transformers leaves it (evaluation).
    missing
        Names of weights that the checkpoint lacks and that were set at random; only ever the pooler's.

    Raises
    ------
    EncoderError
        If it cannot be loaded, or lacks weights other than the pooler's.
    """
    import torch
    from transformers import AutoModel

    weight_files(folder)
    try:
        # The weights that a checkpoint lacks are drawn at random: the same ones every time, and nobody else's
        # dice moved.
        with torch.random.fork_rng(devices=[]), _quiet():
            torch.manual_seed(0)
            model, info = AutoModel.from_pretrained(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:
        raise _unloadable(folder, "weights", error) from error
    missing = sorted(info["missing_keys"])
    essential = [key for key in missing if "pooler" not in key]
    if essential:
        raise EncoderError(
            f"{folder} lacks {len(essential)} of its model's weights, {essential[0]} the first of them",
            consequence="no encoder was loaded; they would have been random",
            next_step="copy or download the checkpoint again",
        )
    return model, missing


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bar and load report off the terminal; what matters of them is raised."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _unloadable(folder: Path, part: str, error: Exception) -> EncoderError:
    first = next(iter(str(error).strip().splitlines()), "")[:160]
    return EncoderError(
        f"the {part} in {folder} cannot be loaded ({type(error).__name__}: {first})",
        consequence="no encoder was loaded; code that comes with a model is never run",
        next_step="give a model that transformers supports without remote code, or copy the checkpoint again",
    )


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_length(settings: EncoderSettings, config: Any) -> None:
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return
    # RoBERTa's family numbers positions from the padding id on, and so has that many fewer.
    if config.model_type in {"roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "xlm-roberta-xl"}:
        positions -= int(config.pad_token_id or 0) + 1
    if settings.max_length > positions:
        raise SettingsError(
            f"max_length {settings.max_length} is more than {settings.ref} can read ({positions} tokens)",
            consequence="no encoder was loaded",
            next_step=f"set the encoder's max_length to {positions} or less",
        )
