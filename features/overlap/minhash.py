"""b-bit MinHash signatures of many texts at once.

The scheme is datasketch's ``affine32`` (datasketch >= 2.0): a shingle's 32-bit hash goes through the
MurmurHash3 finalizer, then through ``a * h + b mod 2**32`` with odd ``a``; the minimum over a text's shingles
is kept, and of that the lowest byte (Li and König, "b-Bit Minwise Hashing", WWW 2010). The permutations are
datasketch's own, and a test holds the result against its ``MinHash``. datasketch itself works text by text,
which is several times slower on short texts, hence the arrays here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["BANDS", "N_PERM", "estimate_jaccard", "shingle_hashes", "sign_texts"]

N_PERM = 128
"""Bytes in a signature: one per permutation."""

BANDS = 32
"""LSH bands in a signature; four bytes each, viewed as one ``uint32``."""

_CHUNK_CHARS = 1 << 16  # the working set of one pass stays inside a processor's second-level cache


def shingle_hashes(texts: Sequence[str], shingle: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Hash every run of ``shingle`` characters in every text.

    Parameters
    ----------
    texts
        Texts of at least ``shingle`` characters each.
    shingle
        Characters per shingle.

    Returns
    -------
    tuple of numpy.ndarray
        The hashes of all texts one after the other, and where each text's hashes begin.
    """
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths)
    windows = len(codes) - shingle + 1
    hashed = np.zeros(windows, dtype=np.uint32)
    for offset in range(shingle):  # FNV-1a, one character of every window at a time
        hashed = (hashed ^ codes[offset : offset + windows]) * np.uint32(0x01000193)
        hashed ^= hashed >> np.uint32(15)
    inside = np.ones(windows, dtype=bool)  # windows reaching from one text into the next go
    for back in range(1, shingle):
        inside[ends[:-1] - back] = False
    starts = np.concatenate(([0], np.cumsum(lengths - shingle + 1)[:-1]))
    return hashed[inside], starts.astype(np.int64)


def sign_texts(texts: Sequence[str], *, shingle: int, seed: int) -> NDArray[np.uint8]:
    """Compute the b-bit MinHash signature of every text.

    Parameters
    ----------
    texts
        Texts of at least ``shingle`` characters each.
    shingle
        Characters per shingle.
    seed
        Seed of the permutations.

    Returns
    -------
    numpy.ndarray
        uint8 of shape [number of texts, :data:`N_PERM`].
    """
    a, b = _permutations(seed)
    out = np.empty((len(texts), N_PERM), dtype=np.uint8)
    for first, chunk in _chunks(texts):
        hashes, starts = shingle_hashes(chunk, shingle)
        hashes = _finalise(hashes)
        for k in range(N_PERM):
            lowest = np.minimum.reduceat(hashes * a[k] + b[k], starts)
            out[first : first + len(chunk), k] = lowest.astype(np.uint8)  # keeps the lowest byte
    return out


def estimate_jaccard(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimate the Jaccard similarity of pairs of texts from their signatures.

    Parameters
    ----------
    left, right
        uint8 of shape [pairs, :data:`N_PERM`].

    Returns
    -------
    numpy.ndarray
        float64 of shape [pairs]; the agreement of two random bytes (1 in 256) is taken out.
    """
    agreement = (left == right).mean(axis=1)
    return np.asarray((agreement - 1 / 256) / (1 - 1 / 256), dtype=np.float64)


@lru_cache(maxsize=4)
def _permutations(seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    from datasketch import MinHash

    a, b = MinHash(num_perm=N_PERM, seed=seed, scheme="affine32").permutations
    return np.asarray(a, dtype=np.uint32), np.asarray(b, dtype=np.uint32)


def _finalise(h: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Mix the hash: MurmurHash3's 32-bit finalizer, as in datasketch's ``affine32``."""
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK_CHARS:
            yield first, texts[first : index + 1]
            first, size = index + 1, 0
    if first < len(texts):
        yield first, texts[first:]
