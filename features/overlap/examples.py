"""Which texts two datasets share: evidence for a person to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.overlap.normalise import compact_text
from features.overlap.sketch import text_hash

if TYPE_CHECKING:
    import polars as pl

    from features.overlap.compare import Overlap

__all__ = ["find_examples"]


def find_examples(rows: pl.DataFrame, overlap: Overlap, *, limit: int = 5) -> list[str]:
    """Find some of the target's texts that a source shares.

    Parameters
    ----------
    rows
        The target's canonical rows (the ones its sketch was made of).
    overlap
        The comparison; it remembers the hashes of the shared texts.
    limit
        How many texts at most.

    Returns
    -------
    list of str
        Texts as they stand in ``rows``, in their order.
    """
    wanted = set(overlap.shared_hashes.tolist())
    found: list[str] = []
    text_a: str | None
    text_b: str | None
    for text_a, text_b in rows.select("text_a", "text_b").iter_rows():
        joined = None if text_a is None or text_b is None else f"{text_a} {text_b}"
        for text in (text_a, text_b, joined):
            if len(found) >= limit or not wanted:
                return found
            if text is None or (digest := text_hash(compact_text(text))) not in wanted:
                continue
            wanted.discard(digest)
            found.append(text)
    return found
