"""Reading and writing artefact files: whole or not at all, each with its card inside.

Arrays go to safetensors and tables to Parquet; both keep the card in their own metadata, so an artefact is
one file and cannot be parted from its card.
"""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import polars as pl

from features.artefacts.cards import Card
from models.errors import ArtefactError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MADE_ANEW",
    "read_arrays",
    "read_arrays_card",
    "read_table",
    "read_table_card",
    "remove_leftovers",
    "write_arrays",
    "write_table",
    "write_whole",
]

_CARD = "card"
MADE_ANEW = {
    "datasets": "springboard make datasets",
    "sketches": "springboard make datasets",
    "pools": "springboard make datasets",
    "embeddings": "springboard make embeddings",
    "moments": "springboard make moments",
    "esms": "springboard ingest",
    "sentences": "springboard refresh --force",
    "traces": "springboard refresh --force",
    "overlaps": "springboard refresh --force",
    "scores": "springboard refresh --force",
    "quarantine": "adding the dataset again",
}
"""Folder of artefacts -> what makes a file of it anew."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file and rename it into place once it is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        write(part)
        with part.open("rb") as handle:
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(folder: Path, older_than: float = 600.0) -> int:
    """Delete temporary files that a killed process left; returns how many.

    Parameters
    ----------
    folder
        Where to look.
    older_than
        Seconds since the last write after which nobody is writing any more; a younger file may be another
        run's that is not finished.
    """
    removed = 0
    for path in folder.glob(".*.part"):
        try:
            old = time.time() - path.stat().st_mtime >= older_than
        except FileNotFoundError:
            continue  # Its writer has finished in the meantime.
        if old:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], card: Card) -> None:
    """Write named arrays and their card as one safetensors file."""
    from safetensors.numpy import save_file

    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_whole(path, lambda part: save_file(plain, part, metadata={_CARD: card.to_json()}))


def read_arrays(path: Path, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file.

    Parameters
    ----------
    path
        The file.
    names
        Which arrays; only these are read from disk. All when not given.

    Raises
    ------
    ArtefactError
        The file is missing, truncated or not safetensors, or lacks a name.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load_file

    try:
        if names is not None:
            with safe_open(path, framework="np") as tensors:
                return {name: tensors.get_tensor(name) for name in names}
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError, ValueError) as problem:
        raise _broken(path, problem) from problem
    return arrays


def read_arrays_card(path: Path) -> Card:
    """The card of a safetensors file, without reading its arrays.

    Raises
    ------
    ArtefactError
        The file is missing, broken or carries no card.
    """
    # The format's header is eight bytes of length and that much JSON; read by hand because opening the file
    # through the library costs an import that commands which only read cards need not pay.
    try:
        with path.open("rb") as handle:
            (length,) = struct.unpack("<Q", handle.read(8))
            header = json.loads(handle.read(min(length, 100_000_000)))
        return Card.from_json(header["__metadata__"][_CARD])
    except (OSError, ValueError, KeyError, TypeError, struct.error) as problem:
        raise _broken(path, problem) from problem


def write_table(path: Path, table: pl.DataFrame, card: Card) -> None:
    """Write a table and its card as one Parquet file."""
    write_whole(
        path, lambda part: table.write_parquet(part, compression="zstd", metadata={_CARD: card.to_json()})
    )


def read_table(path: Path) -> pl.DataFrame:
    """The table of a Parquet file.

    Raises
    ------
    ArtefactError
        The file is missing, truncated or not Parquet.
    """
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise _broken(path, problem) from problem


def read_table_card(path: Path) -> Card:
    """The card of a Parquet file.

    Raises
    ------
    ArtefactError
        The file is missing, broken or carries no card.
    """
    try:
        return Card.from_json(pl.read_parquet_metadata(path)[_CARD])
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as problem:
        raise _broken(path, problem) from problem


def _broken(path: Path, problem: Exception) -> ArtefactError:
    missing = isinstance(problem, FileNotFoundError)
    return ArtefactError(
        f"artefact '{path}' is {'missing' if missing else f'unreadable ({type(problem).__name__})'}",
        consequence="what needs it was left out",
        next_step=f"dvc checkout --force '{path.parent}' brings back the recorded file; "
        f"or delete '{path}': {MADE_ANEW.get(path.parent.name, 'springboard ingest')} makes it anew",
    )
