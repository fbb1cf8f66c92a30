"""A source's sketch made small enough to be shipped: a twentieth of the bytes, and what that still finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from features.overlap.sketch import Sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SIGNATURES", "compact_sketch"]

SIGNATURES = 128
"""Texts of a source whose signatures are kept: 16 kB."""

_HALF = np.uint64(32)


def compact_sketch(sketch: Sketch, signatures: int = SIGNATURES) -> Sketch:
    """Keep of a source's sketch what a leak is found by, in about four bytes a text.

    Of every hash the upper 32 bits are kept. Two different texts then agree once in 4e9 pairs: of a source of 20,000
    texts and a target of 1,000 a false match is found once in 200 such comparisons, and one match excludes nothing.
    So exact copies are found as with the full sketch. Of near-duplicates only those of a sample of the source's texts
    are seen, and :func:`features.overlap.compare` scales what it sees up: a target of 1,000 texts copied from 10,000
    with each text touched is found (13 matches are to be expected and 2 are needed), one of which only every tenth
    text is such a copy mostly not.

    Parameters
    ----------
    sketch
        A full sketch of a source; a compact one is given back as it is.
    signatures
        How many signatures to keep. They are the first by hash, which is a choice by chance that is the same every
        time.

    Returns
    -------
    Sketch
        With ``exact`` and ``short`` uint32 and roles of zero: of a source they are never asked for.
    """
    if sketch.is_compact:
        return sketch
    exact = _upper_half(sketch.exact)
    return Sketch(
        exact=exact,
        roles=np.zeros(len(exact), dtype=np.uint8),
        signatures=sketch.signatures[: min(signatures, len(exact))],
        short=_upper_half(sketch.short),
        params=sketch.params,
    )


def _upper_half(hashes: NDArray[Any]) -> NDArray[Any]:
    return np.unique((hashes.astype(np.uint64) >> _HALF).astype(np.uint32))
