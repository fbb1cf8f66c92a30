"""Tables that grow by one row at a time, from several processes, and survive being stopped."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

__all__ = ["GrowingTable"]


@dataclass(frozen=True)
class GrowingTable:
    """A CSV file with a header.

    Attributes
    ----------
    path
        The file; made with the first row.
    columns
        Its columns.
    key
        Those that name a row.
    """

    path: Path
    columns: Sequence[str]
    key: Sequence[str]

    def read(self) -> list[dict[str, str]]:
        """All whole rows, every value as it is written; none where there is no file."""
        if not self.path.exists():
            return []
        # What stands behind the last line's end was half written by somebody who was stopped.
        whole = self.path.read_bytes().rpartition(b"\n")[0].decode("utf-8")
        return [row for row in csv.DictReader(io.StringIO(whole, newline="")) if None not in row.values()]

    def keys(self) -> set[tuple[str, ...]]:
        """The keys of the rows that are there, as they are written."""
        return {tuple(row[name] for name in self.key) for row in self.read()}

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row.

        Raises
        ------
        ValueError
            It has other columns than the table.
        """
        if set(row) != set(self.columns):
            raise ValueError(f"a row of {sorted(row)} for a table of {sorted(self.columns)}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            self._drop_half_a_row()
            new = not self.path.exists()
            with self.path.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, self.columns, lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerow(row)

    def _drop_half_a_row(self) -> None:
        """Cut off what a writer that was killed left behind its last whole line."""
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if not whole:
            self.path.unlink()
        elif whole < len(content):
            # Only ever shorter: writing it anew would lose the whole table, were it stopped halfway.
            os.truncate(self.path, whole)
