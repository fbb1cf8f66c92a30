"""From a reference to canonical rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from features.reading.columns import find_path, take
from features.reading.dataset import JSON, Mapping, ReadDataset
from features.reading.formats.folder import read_file_alone, read_folder
from features.reading.labels import Labels, clean_labels, task_of, to_canonical
from features.reading.options import ReadOptions
from features.reading.proposal import propose
from features.reading.reference import hub_id_of, local_path_of
from features.reading.splits import Published, split_by_column, train_split_of
from features.reading.table import Unparsed
from features.reading.wording import shown
from models.errors import MappingError
from models.tasks import OnProgress, Task, silent

if TYPE_CHECKING:
    from features.reading.proposal import Choice
    from features.reading.table import Table

__all__ = ["read_dataset"]

_NOTHING_SAID = ReadOptions()


def read_dataset(
    ref: str, options: ReadOptions = _NOTHING_SAID, *, on_progress: OnProgress = silent
) -> ReadDataset:
    """Read a labelled text dataset and map its columns.

    Parameters
    ----------
    ref
        A file, a folder of splits, or a hub id (``org/name``). What exists on disk is taken as a path.
    options
        What the caller says about it; the rest is found from the data.
    on_progress
        Called with files (or hub splits) done and in all.

    Raises
    ------
    UnknownReferenceError
        No such file, folder or hub dataset.
    UnreadableError
        What is there cannot be read, or is not what its name says.
    OfflineError
        The hub is needed and cannot be reached.
    MappingError
        Texts and label cannot be told, a named column is absent, or no row has a label.
    """
    published = _published(ref, options, on_progress)
    if len(published.splits) == 1:
        parts, column = split_by_column(next(iter(published.splits.values())), options)
        if column is not None:
            note = f"the column {shown(column)} names the splits"
            published = replace(published, splits=parts, notes=(*published.notes, note))
    train = train_split_of(list(published.splits), options.split)
    choice = propose(published.splits[train], options)
    return _canonical(ref, published, train, choice, options)


def _published(ref: str, options: ReadOptions, on_progress: OnProgress) -> Published:
    path = local_path_of(ref)
    if path is None:
        from features.reading.formats.hub import read_hub

        return read_hub(hub_id_of(ref) or ref, options, on_progress)
    if path.is_dir():
        return read_folder(path, options, on_progress)
    return read_file_alone(path, options, on_progress)


def _canonical(
    ref: str, published: Published, train: str, choice: Choice, options: ReadOptions
) -> ReadDataset:
    unparsed = Unparsed()
    texts: dict[str, list[pl.Series]] = {}
    labels: dict[str, Labels] = {}
    notes = [*published.notes]
    for split, table in published.splits.items():
        unparsed.extend(table.unparsed)
        notes += [f"{split}: {note}" for note in table.notes]
        columns = _columns(table, choice, unparsed, training=split == train)
        if columns is None:
            notes.append(f"{split}: left out, it has no column {' and '.join(map(shown, choice.text))}")
            continue
        texts[split], label = columns
        labels[split] = _labels(table, label, choice.label, options)
    task, why = _task(labels[train], choice, options)
    rows = pl.concat(
        [_rows(split, texts[split], to_canonical(labels[split], task, choice.label), task) for split in texts]
    )
    _check_labelled(rows, train, choice.label)
    origin = _origin(ref, published, rows, labels, unparsed, notes)
    mapping = Mapping(choice.text, choice.label, task, {**choice.why, "task": why})
    return ReadDataset(rows=rows, task=task, mapping=mapping, train_split=train, origin=origin)


def _columns(
    table: Table, choice: Choice, unparsed: Unparsed, *, training: bool
) -> tuple[list[pl.Series], pl.Series] | None:
    """Texts and label of one split; a split other than the training one may lack its label, or everything."""
    try:
        paths = [find_path(table, name, "--text") for name in choice.text]
    except MappingError:
        if training:
            raise
        return None
    try:
        label = find_path(table, choice.label, "--label")
        *texts, labels = take(table, [*paths, label], unparsed)
    except MappingError:
        if training:
            raise
        texts = take(table, paths, unparsed)
        labels = pl.Series(choice.label, [None] * texts[0].len(), dtype=pl.String)
    return texts, labels


def _labels(table: Table, series: pl.Series, column: str, options: ReadOptions) -> Labels:
    return clean_labels(
        series,
        untyped=table.untyped,
        names=table.class_names.get(column),
        missing=options.missing_labels,
    )


def _task(labels: Labels, choice: Choice, options: ReadOptions) -> tuple[Task, str]:
    pair = len(choice.text) == 2
    if options.task is None:
        return task_of(labels, pair=pair)
    if options.task.is_pair != pair:
        need = "two text columns" if options.task.is_pair else "one text column"
        raise MappingError(
            f"The task {options.task.value} needs {need}, and there is "
            f"{' and '.join(map(shown, choice.text))}",
            consequence="nothing was read",
            next_step="name them, for example `--text COLUMN,COLUMN`"
            if not pair
            else "name one with `--text`",
        )
    return options.task, "as told"


def _rows(split: str, texts: list[pl.Series], labels: pl.Series, task: Task) -> pl.DataFrame:
    height = texts[0].len()
    second = texts[1].cast(pl.String) if task.is_pair else pl.Series([None] * height, dtype=pl.String)
    return pl.DataFrame(
        {
            "split": pl.Series([split] * height, dtype=pl.String),
            "position": pl.Series(range(height), dtype=pl.Int64),
            "text_a": texts[0].cast(pl.String),
            "text_b": second,
            "label": labels,
        }
    )


def _check_labelled(rows: pl.DataFrame, train: str, label: str) -> None:
    training = rows.filter(pl.col("split") == train)
    if training.height and training["label"].null_count() < training.height:
        return
    what = "has no rows" if not training.height else f"has no label in any of its {training.height} rows"
    raise MappingError(
        f"The split {shown(train)} {what} (label column {shown(label)})",
        consequence="nothing was read",
        next_step="name another column with `--label`, or another split with `--split`",
    )


def _origin(
    ref: str,
    published: Published,
    rows: pl.DataFrame,
    labels: dict[str, Labels],
    unparsed: Unparsed,
    notes: list[str],
) -> dict[str, JSON]:
    missing: dict[str, JSON] = {}
    for cleaned in labels.values():
        for value, count in cleaned.missing.items():
            missing[value] = count + int(missing.get(value) or 0)  # type: ignore[arg-type]
    counts: dict[str, JSON] = dict(rows.group_by("split", maintain_order=True).len().iter_rows())
    return {
        "reference": ref,
        **published.origin,
        "rows": counts,
        "unparsed_rows": {"count": unparsed.count, "examples": [*unparsed.examples]},
        "missing_labels": missing,
        "ignored": [*published.ignored],
        "notes": [*notes],
    }
