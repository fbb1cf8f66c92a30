"""What reading a dataset gives: canonical rows, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union

from features.reading.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping

    import polars as pl

    from models.tasks import Task

__all__ = ["JSON", "Mapping", "ReadDataset"]

JSON: TypeAlias = Union[bool, int, float, str, "list[JSON]", "dict[str, JSON]", None]
"""What the standard library's json module writes."""


@dataclass(frozen=True)
class Mapping:
    """Which published columns became the texts and the label, what the task is, and why.

    Parameters
    ----------
    text
        The text columns, one or two, as published (dotted where nested).
    label
        The label column.
    task
        What the labels are.
    why
        A short reason for each of ``"text"``, ``"label"`` and ``"task"``.
    """

    text: tuple[str, ...]
    label: str
    task: Task
    why: AbstractMapping[str, str] = field(default_factory=dict)

    def show(self) -> list[str]:
        """Lines for a terminal: each choice and its reason."""
        choices = {
            "text": " + ".join(shown(name) for name in self.text),
            "label": shown(self.label),
            "task": self.task.value,
        }
        return [
            f"{choice}: {value}" + (f" ({self.why[choice]})" if self.why.get(choice) else "")
            for choice, value in choices.items()
        ]


@dataclass(frozen=True)
class ReadDataset:
    """A dataset read and mapped, before the quality gate.

    Parameters
    ----------
    rows
        ``split: String, position: Int64, text_a: String, text_b: String, label: String | Float64``.
        ``position`` is the row's number in its split as published, from 0; ``text_b`` is null throughout when
        the task has no pairs; a missing label is null.
    task
        What the labels are.
    mapping
        How columns became texts and label.
    train_split
        The name in ``rows["split"]`` of the split to learn from.
    origin
        Where the rows came from and what was met on the way; plain JSON. Always there: ``reference``,
        ``kind`` (``file``, ``folder`` or ``hub``), ``resolved``, ``format``, ``files`` (each with ``path``,
        ``size`` and ``sha256``), ``rows`` (a count per split), ``unparsed_rows`` (``count``, ``examples``),
        ``missing_labels`` (the written values taken as missing, with counts), ``ignored`` and ``notes``
        (sentences). Where they apply: ``revision``, ``subset``, ``licence``, ``citation``, ``delimiter``,
        ``encoding``, ``header``, ``quoting``.
    """

    rows: pl.DataFrame
    task: Task
    mapping: Mapping
    train_split: str
    origin: dict[str, JSON]
