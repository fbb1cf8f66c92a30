"""What every format gives: columns as published, and what was met while parsing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from features.reading.dataset import JSON

__all__ = ["MOST_EXAMPLES", "Table", "Unparsed"]

MOST_EXAMPLES = 5
"""So many unplaceable rows are shown; all are counted."""


@dataclass
class Unparsed:
    """Rows that could not be placed: counted all, a few kept to be looked at."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, where: str, content: str) -> None:
        """Count one row, and keep it while there is room."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{where}: {content[:200]}")

    def extend(self, other: Unparsed) -> None:
        """Take over what another table met."""
        self.count += other.count
        self.examples = [*self.examples, *other.examples][:MOST_EXAMPLES]


@dataclass(frozen=True)
class Table:
    """One split as published.

    Parameters
    ----------
    frame
        The columns. Strings, numbers and booleans as themselves; lists as polars has them, or as JSON text
        where the column is in `nested`.
    untyped
        Whether every cell is text that may stand for a number or for nothing, as in a delimited file.
    nested
        Columns whose cells are JSON text of lists or objects.
    class_names
        Columns of class numbers whose names the publisher tells.
    details
        What was found about the format: ``format``, ``delimiter``, ``encoding``, ``header``, ``quoting``.
    unparsed
        Rows that could not be placed.
    notes
        Sentences about what was met, for people.
    """

    frame: pl.DataFrame
    untyped: bool = False
    nested: frozenset[str] = frozenset()
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    details: Mapping[str, JSON] = field(default_factory=dict)
    unparsed: Unparsed = field(default_factory=Unparsed)
    notes: tuple[str, ...] = ()
