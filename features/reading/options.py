"""What a caller may say about a dataset instead of leaving it to be found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.tasks import Task

__all__ = ["ReadOptions"]


@dataclass(frozen=True)
class ReadOptions:
    """Everything that can be said about how to read a dataset; what is left out is found from the data.

    Parameters
    ----------
    text
        One text column, or two for pairs. A dotted path reaches into nested values: ``context.0`` is the
        first item of a list, ``evidences.0.evidence`` a field of one, and ``sentences.*`` makes a row of
        every item.
    label
        The label column, by name or dotted path.
    task
        What the labels are, where the proposal would be wrong (star ratings as numbers, say).
    split
        Which split is the training split, when it is not called ``train``.
    revision
        Hub only: a branch, tag or commit.
    subset
        Hub only: the configuration's name.
    missing_labels
        Label values that mean "no label", as they are written in the data.
    delimiter, encoding, header
        For delimited text: what separates fields, the text's encoding, whether the first line holds names.
    streaming
        Hub only: read row by row rather than download everything first. Unsaid: only what is large.
    max_rows
        Hub only, with streaming: stop each split after so many rows.
    """

    text: tuple[str, ...] = ()
    label: str | None = None
    task: Task | None = None
    split: str | None = None
    revision: str | None = None
    subset: str | None = None
    missing_labels: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    streaming: bool | None = None
    max_rows: int | None = None
