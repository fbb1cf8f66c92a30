"""A folder whose files are the splits of one dataset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from features.reading.formats.registry import FORMATS, read_file
from features.reading.source import open_file, suffix_of
from features.reading.splits import Published, split_named, stem_of
from features.reading.table import Table, Unparsed
from features.reading.wording import listed, shown
from models.errors import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

    from features.reading.dataset import JSON
    from features.reading.options import ReadOptions
    from models.tasks import OnProgress

__all__ = ["read_file_alone", "read_folder"]


def read_file_alone(path: Path, options: ReadOptions, on_progress: OnProgress) -> Published:
    """Read one file as a dataset of one split."""
    on_progress(0, 1)
    table, entry = _read_one(path, options)
    on_progress(1, 1)
    return Published(
        splits={split_named(stem_of(path)) or "train": table},
        origin={"kind": "file", "resolved": str(path), "files": [entry], **table.details},
    )


def read_folder(folder: Path, options: ReadOptions, on_progress: OnProgress) -> Published:
    """Read the files of a folder, each as the split that its name tells.

    Several files of one split (``train-00000-of-00002.parquet``) are put together in the order of their
    names. A single file needs no telling name. Sub folders and files of other formats are left out, and said.

    Raises
    ------
    UnreadableError
        No file can be read, nothing tells which split each is, or two of one split have different columns.
    """
    chosen, ignored = _chosen_files(folder)
    tables: dict[str, list[Table]] = {}
    entries: list[JSON] = []
    on_progress(0, len(chosen))
    for done, (path, split) in enumerate(chosen, start=1):
        table, entry = _read_one(path, options)
        tables.setdefault(split, []).append(table)
        entries.append({**entry, "split": split})
        on_progress(done, len(chosen))
    splits = {split: _together(parts, split, folder) for split, parts in tables.items()}
    first = splits.get("train") or next(iter(splits.values()))
    return Published(
        splits=splits,
        origin={"kind": "folder", "resolved": str(folder), "files": entries, **first.details},
        ignored=tuple(ignored),
    )


def _read_one(path: Path, options: ReadOptions) -> tuple[Table, dict[str, JSON]]:
    file = open_file(path)
    return read_file(file, options), {"path": str(file.path), "size": file.size, "sha256": file.sha256}


def _chosen_files(folder: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: _natural(entry.name))
    except OSError as error:
        raise _unreadable(folder, error.strerror or str(error), "make the folder readable") from error
    files = [entry for entry in entries if entry.is_file() and suffix_of(entry) in FORMATS]
    files = [entry for entry in files if not entry.name.startswith((".", "_"))]
    # A note beside the tables is no table.
    notes = [
        f for f in files if stem_of(f).lower() in ("readme", "license", "licence", "citation", "attribution")
    ]
    files = [entry for entry in files if entry not in notes] if len(files) > len(notes) else files
    if not files:
        inner = listed([e.name for e in entries if e.is_dir()], 5)
        also = f"; sub folders are not looked into ({inner})" if inner else ""
        raise _unreadable(
            folder,
            f"it holds no file that ends in {', '.join(FORMATS)}{also}",
            "name the file or folder with the rows",
        )
    named = [(entry, split) for entry in files if (split := split_named(stem_of(entry)))]
    if not named and len(files) > 1:
        raise _unreadable(
            folder,
            f"nothing tells which of {listed([f.name for f in files])} is the training split",
            "call the files train, validation and test, or name one file",
        )
    chosen = named or [(files[0], "train")]
    taken = {path for path, _ in chosen}
    return chosen, [entry.name for entry in entries if entry not in taken]


def _natural(name: str) -> list[tuple[int, str]]:
    """Part 10 comes after part 9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _together(parts: list[Table], split: str, folder: Path) -> Table:
    if len(parts) == 1:
        return parts[0]
    columns = parts[0].frame.columns
    if any(sorted(part.frame.columns) != sorted(columns) for part in parts):
        raise _unreadable(
            folder,
            f"the files of its split {shown(split)} have different columns",
            "name one file, or one folder each",
        )
    unparsed = Unparsed()
    for part in parts:
        unparsed.extend(part.unparsed)
    try:
        frame = pl.concat([part.frame.select(columns) for part in parts], how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        # The same column is numbers in one file and text in another.
        frame = pl.concat([_as_text(part.frame.select(columns)) for part in parts])
    return Table(
        frame=frame,
        untyped=parts[0].untyped,
        nested=frozenset().union(*(part.nested for part in parts)),
        class_names=parts[0].class_names,
        details=parts[0].details,
        unparsed=unparsed,
        notes=tuple(note for part in parts for note in part.notes),
    )


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.cast({name: pl.String for name, dtype in frame.schema.items() if not dtype.is_nested()})


def _unreadable(folder: Path, why: str, next_step: str) -> UnreadableError:
    return UnreadableError(
        f"Cannot read the folder {shown(folder, 300)}: {why}",
        consequence="nothing was read",
        next_step=next_step,
    )
