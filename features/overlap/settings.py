"""What the leak check calls a shared text, and how many of them exclude a source."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["OverlapSettings"]


class OverlapSettings(BaseModel):
    """The ``overlap:`` section of ``params.yaml``.

    The first two are read when two sketches are compared, so changing them needs no new sketch; the others
    shape the sketch itself, and sketches made with different ones refuse to be compared.

    Attributes
    ----------
    threshold
        Share of the target's distinct texts, in (0, 1], from which a source is excluded. The default was
        read from ``benchmarks/overlap/pairs.csv``: every pair known to share texts lies above it.
    near_duplicate
        Jaccard similarity of character shingles, in (0, 1], from which two texts are near-duplicates.
    min_shared
        A source sharing fewer texts than this is never excluded: one common sentence is a coincidence.
    min_chars
        Texts with fewer letters and digits than this are "short": too common to prove anything.
    shingle
        Length of a shingle in characters, spaces and punctuation left out.
    max_chars
        Only this many leading characters of a text go into its signature.
    max_texts
        Only this many texts of a dataset get a signature (chosen by hash); all of them are compared exactly.
    seed
        Seed of the MinHash permutations.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=0.01, gt=0.0, le=1.0)
    near_duplicate: float = Field(default=0.6, gt=0.0, le=1.0)
    min_shared: int = Field(default=2, ge=1)
    min_chars: int = Field(default=20, ge=1)
    shingle: int = Field(default=5, ge=2, le=16)
    max_chars: int = Field(default=800, ge=16)
    max_texts: int = Field(default=50_000, ge=1)
    seed: int = Field(default=1, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _a_text_holds_a_shingle(self) -> Self:
        if self.min_chars < self.shingle:
            raise ValueError(f"min_chars ({self.min_chars}) must be at least shingle ({self.shingle})")
        return self
