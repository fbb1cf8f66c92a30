"""Tables that only grow: each write is a new Parquet file, named by the entity it is about and its content.

Scores and overlaps come a few at a time and are never changed; a file per pair would be millions, one file for
all would have to be rewritten. A batch per refresh keeps both away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.artefacts.cards import Card
from features.artefacts.files import read_table, write_table
from features.artefacts.keys import content_hash

__all__ = ["Batches"]


@dataclass(frozen=True)
class Batches:
    """The batches of one folder.

    Attributes
    ----------
    folder
        Where they lie.
    schema
        Column names and types of every batch.
    """

    folder: Path
    schema: pl.Schema

    def read(self, entity: str | None = None) -> pl.DataFrame:
        """All rows about one entity (a version or key), or of the whole folder; one row per ``key``.

        Raises
        ------
        ArtefactError
            A batch is broken.
        """
        pattern = f"{entity[:16]}-*.parquet" if entity else "[!.]*.parquet"
        frames = [read_table(path) for path in sorted(self.folder.glob(pattern))]
        if not frames:
            return pl.DataFrame(schema=self.schema)
        # Two runs at once may both have made a row; the first is as good as the second.
        return pl.concat(frames).unique("key", keep="first", maintain_order=True)

    def append(self, entity: str, rows: pl.DataFrame, card_settings: dict[str, object]) -> Path | None:
        """Write new rows about one entity as a batch of their own; None when there are none."""
        if rows.is_empty():
            return None
        rows = rows.select(self.schema.names()).cast(dict(self.schema))  # type: ignore[arg-type]
        name = f"{entity[:16]}-{content_hash(sorted(rows['key'].to_list()))[:16]}"
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            write_table(
                path, rows, Card("batch", name, {"entity": entity}, card_settings, {"rows": len(rows)})
            )
        return path
