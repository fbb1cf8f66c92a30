"""The identity of a model: a hash of what decides its embeddings, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.encoder.locate import locate_model
from models.errors import EncoderError, UnreadableError

if TYPE_CHECKING:
    from models.encoder.settings import EncoderSettings

__all__ = ["encoder_id", "hash_model_folder", "weight_files", "weights_id"]

RECIPE = 1
"""Raised by hand when the same files and settings would give other embeddings."""

_TOKENIZER = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json", "*.model")
# These say where a checkpoint came from, not what it computes.
_VOLATILE = {"_name_or_path", "name_or_path", "transformers_version"}


def encoder_id(settings: EncoderSettings, cache_file: Path | None = None) -> str:
    """Name an encoder by its content: weights, tokenizer, config, pooling and max length.

    The place of the folder, the batch size and bookkeeping fields of the config leave it as it is. For a
    local reference neither torch nor transformers is imported.

    Parameters
    ----------
    settings
        The encoder's settings.
    cache_file
        A small JSON file that remembers (path, size, modification time) -> hash, so that commands that only
        read need not read 90 MB of weights. A broken one is ignored and written anew.

    Returns
    -------
    str
        32 hex digits.

    Raises
    ------
    ReadError, EncoderError
        If the reference cannot be found, or its folder holds no safetensors weights.
    """
    folder = locate_model(settings.ref, settings.revision)
    content = hash_model_folder(folder, cache_file)
    parts = [f"encoder/{RECIPE}", content, settings.pooling, str(settings.max_length)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def weights_id(base_id: str, model: Any) -> str:
    """Name an encoder in memory: 32 hex digits of its base's id and of its weights as they are now."""
    digest = hashlib.sha256(base_id.encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"\n{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()[:32]


def weight_files(folder: Path) -> list[Path]:
    """List a checkpoint's safetensors files: the one, or the shards that its index names.

    Raises
    ------
    EncoderError
        If there are none, or only pickled ones.
    """
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        names = sorted(set(_read_json(index).get("weight_map", {}).values()))
        files = [folder / Path(str(name)).name for name in names]
        absent = [file.name for file in files if not file.is_file()]
        if files and not absent:
            return files
        raise EncoderError(
            f"{len(absent)} of {len(files)} weight files that {index} names are missing",
            consequence="no encoder was loaded",
            next_step="copy or download the checkpoint again",
        )
    pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.ckpt"))
    raise EncoderError(
        f"{folder} holds " + ("only pickled weights (.bin)" if pickled else "no model.safetensors"),
        consequence="no encoder was loaded" + ("; pickles from outside are never read" if pickled else ""),
        next_step="save the model with safetensors (`model.save_pretrained(DIR)`) and give that folder",
    )


def hash_model_folder(folder: Path, cache_file: Path | None = None, extra: Iterable[Path] = ()) -> str:
    """Hash a checkpoint's config, weights and tokenizer files (sha256, hex), and any ``extra`` files."""
    config = folder / "config.json"
    if not config.is_file():
        raise EncoderError(
            f"{folder} holds no config.json",
            consequence="no encoder was loaded",
            next_step="give the folder that `model.save_pretrained(DIR)` wrote",
        )
    files = {file for pattern in _TOKENIZER for file in folder.glob(pattern) if file.is_file()}
    files |= {*weight_files(folder), *(file for file in extra if file.is_file())}
    fields = {key: value for key, value in _read_json(config).items() if key not in _VOLATILE}
    digests = _file_digests(sorted(files), cache_file)
    listing = {"config": fields, "files": {file.name: digest for file, digest in digests.items()}}
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableError(
            f"{file} is not JSON ({str(error)[:100]})",
            consequence="no encoder was loaded",
            next_step="copy or download the model again",
        ) from error
    return content if isinstance(content, dict) else {}


def _file_digests(files: list[Path], cache_file: Path | None) -> dict[Path, str]:
    known = _read_cache(cache_file)
    digests: dict[Path, str] = {}
    fresh: dict[str, list[Any]] = {}
    for file in files:
        stat = file.stat()
        name, stamp = str(file.resolve()), [stat.st_size, stat.st_mtime_ns]
        entry = known.get(name)
        if isinstance(entry, list) and len(entry) == 3 and entry[:2] == stamp and isinstance(entry[2], str):
            digests[file] = entry[2]
            continue
        with file.open("rb") as handle:
            digests[file] = hashlib.file_digest(handle, "sha256").hexdigest()
        fresh[name] = [*stamp, digests[file]]
    if fresh and cache_file is not None:
        _write_cache(cache_file, known | fresh)
    return digests


def _read_cache(cache_file: Path | None) -> dict[str, Any]:
    if cache_file is None:
        return {}
    try:
        content = json.loads(cache_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_cache(cache_file: Path, content: dict[str, Any]) -> None:
    # A cache that cannot be written costs time, never the answer.
    try:
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=cache_file.parent, prefix=cache_file.name, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        Path(name).replace(cache_file)
    except OSError:
        return
