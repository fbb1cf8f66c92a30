"""What somebody released from quarantine, so that the gate lets it pass from then on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

__all__ = ["Waiver", "content_digest", "row_digests"]


def row_digests(rows: pl.DataFrame) -> list[str]:
    """A hash of each row's texts and label, 32 hex digits.

    Labels count as text, as quarantine keeps them: a row has one digest before and after it was refused.
    """
    cells = rows.select("text_a", "text_b", pl.col("label").cast(pl.String)).iter_rows()
    return [hashlib.sha256(json.dumps(row).encode()).hexdigest()[:32] for row in cells]


def content_digest(rows: pl.DataFrame) -> str:
    """A hash of what rows hold, whatever their order; 32 hex digits."""
    return hashlib.sha256("\n".join(sorted(row_digests(rows))).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Waiver:
    """What may pass although rules object.

    Attributes
    ----------
    rows
        Digest of a row -> how many refused rows of that content were released. The gate lets the first so many pass.
    wholes
        Content digests of datasets whose refusal as a whole was lifted; other rows are judged anew.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    wholes: frozenset[str] = frozenset()

    def without_released(self, rows: pl.DataFrame, refused_by: pl.Series) -> pl.Series:
        """The rule that refuses each row, or null; null for those that were released.

        Parameters
        ----------
        rows
            Canonical rows, [n].
        refused_by
            Name of the rule that refuses the row or null, [n].
        """
        if not self.rows:
            return refused_by
        left = Counter(self.rows)
        numbered = rows.with_columns(_rule=refused_by, _at=pl.int_range(pl.len())).filter(
            pl.col("_rule").is_not_null()
        )
        released = set()
        for digest, at in sorted(
            zip(row_digests(numbered), numbered.select("split", "position", "_at").rows(), strict=True),
            key=lambda pair: pair[1],
        ):
            if left[digest] > 0:
                left[digest] -= 1
                released.add(at[2])
        kept = [None if at in released else rule for at, rule in enumerate(refused_by.to_list())]
        return pl.Series(refused_by.name, kept, dtype=pl.String)

    def lifts(self, rows: pl.DataFrame) -> bool:
        """Whether the refusal of just these rows as a whole was lifted."""
        return bool(self.wholes) and content_digest(rows) in self.wholes
