"""Which files, and which rows of a file, belong to which split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from features.reading.wording import listed, shown
from models.errors import MappingError

if TYPE_CHECKING:
    from features.reading.dataset import JSON
    from features.reading.options import ReadOptions
    from features.reading.table import Table

__all__ = ["Published", "split_by_column", "split_named", "train_split_of"]

_NAMES = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
}
_SPLIT_COLUMNS = ("split", "set", "partition", "fold", "subset", "splitset_label")


@dataclass(frozen=True)
class Published:
    """A dataset as its publisher split it.

    Parameters
    ----------
    splits
        Tables by the name of their split.
    origin
        What is known of where they came from: ``kind``, ``resolved``, ``files`` and so on.
    ignored
        What lay beside the data and was left out.
    """

    splits: dict[str, Table]
    origin: dict[str, JSON]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def split_named(name: str) -> str | None:
    """Return the split that a name tells (``english_test_with_labels``: ``test``), or None."""
    parts = re.split(r"[^a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower())
    found = {_NAMES[part] for part in parts if part in _NAMES}
    return found.pop() if len(found) == 1 else None


def split_by_column(table: Table, options: ReadOptions) -> tuple[dict[str, Table], str | None]:
    """Divide a table by a column that names splits, when it has one.

    Returns
    -------
    tuple[dict[str, Table], str | None]
        The splits, and the column; the one table as ``train`` and None where there is no such column.
    """
    from dataclasses import replace

    for name in table.frame.columns:
        taken = name in (*options.text, options.label)
        if taken or name.strip().lower() not in _SPLIT_COLUMNS or table.frame.schema[name] != pl.String:
            continue
        values = [str(value) for value in table.frame[name].drop_nulls().unique()]
        splits = {value: _NAMES.get(value.strip().lower()) for value in values}
        if table.frame[name].null_count() or len(values) < 2 or None in splits.values():
            continue
        which = table.frame[name].replace_strict(splits, return_dtype=pl.String)
        parts = {
            split: replace(table, frame=table.frame.filter(which == split))
            for split in dict.fromkeys(which.to_list())
        }
        return parts, name
    return {"train": table}, None


def train_split_of(splits: Sequence[str], wanted: str | None) -> str:
    """Choose the training split: the one named, else ``train``, else the only one.

    Raises
    ------
    MappingError
        The named split is absent, or there are several and none is called train.
    """
    if wanted is not None:
        for name in (wanted, _NAMES.get(wanted.strip().lower())):
            if name in splits:
                return str(name)
        raise MappingError(
            f"There is no split {shown(wanted)}; there are {listed(splits)}",
            consequence="nothing was read",
            next_step="name one of them with `--split`",
        )
    if "train" in splits:
        return "train"
    if len(splits) == 1:
        return splits[0]
    raise MappingError(
        f"No split is called train; there are {listed(splits)}",
        consequence="nothing was read",
        next_step=f"name the one to learn from, for example `--split {splits[0]}`",
    )


def stem_of(path: Path) -> str:
    """Return a file's name without its suffixes."""
    return path.name.split(".", 1)[0] if path.name[:1] != "." else path.name
