"""A dataset's texts as hashes: what the leak check keeps of a dataset, and all it needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.overlap.minhash import N_PERM, sign_texts
from features.overlap.normalise import compact_text
from models.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from features.overlap.settings import OverlapSettings
    from models.tasks import Task

__all__ = ["Role", "Sketch", "make_sketch", "text_hash"]

_LAYOUT = 1
_NARROW = frozenset({"exact", "short"})
_DTYPES = {
    "exact": np.uint64,
    "roles": np.uint8,
    "signatures": np.uint8,
    "short": np.uint64,
    "params": np.int64,
}


class Role(IntFlag):
    """Where in a row a text was seen."""

    FIRST = 1
    SECOND = 2
    JOINED = 4
    """Both texts of a pair after one another, as a dataset of single texts may hold them."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """The distinct texts of a dataset, all splits together, without the texts.

    Attributes
    ----------
    exact
        uint64 [n], ascending: hashes of the distinct normalised texts that are long enough to count.
    roles
        uint8 [n]: which :class:`Role` each of them has.
    signatures
        uint8 [k, 128]: MinHash of the first k of ``exact`` (all of them unless there are very many).
    short
        uint64 [m], ascending: hashes of a single-text dataset's distinct short texts; empty for pairs.
    params
        int64: layout number, whether it is of pairs, and the settings that shaped it.

    A compact one (:func:`features.overlap.compact.compact_sketch`) holds the upper half of each hash as uint32, no
    roles, and signatures of a sample.
    """

    exact: NDArray[np.uint64]
    roles: NDArray[np.uint8]
    signatures: NDArray[np.uint8]
    short: NDArray[np.uint64]
    params: NDArray[np.int64]

    @property
    def key(self) -> str:
        """32 hex digits naming the content: equal for equal texts and settings, whatever their order."""
        digest = hashlib.sha256()
        for name, array in self.to_arrays().items():
            digest.update(f"{name}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]

    @property
    def is_compact(self) -> bool:
        """Whether it holds halves of hashes and a sample of signatures: enough of a source, not of a target."""
        return self.exact.dtype == np.uint32

    @property
    def is_pair(self) -> bool:
        """Whether the dataset holds pairs of texts."""
        return bool(self.params[1])

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the sketch as named numpy arrays, for safetensors."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Sketch:
        """Rebuild a sketch from :meth:`to_arrays`.

        Raises
        ------
        ArtefactError
            When an array is missing, of another type or shape, or of a layout this version does not know.
        """
        if set(arrays) != set(_DTYPES):
            raise _broken(f"it holds {sorted(arrays)}")
        narrow = arrays["exact"].dtype == np.uint32
        for name, dtype in _DTYPES.items():
            if arrays[name].dtype != (np.uint32 if narrow and name in _NARROW else dtype):
                raise _broken(f"'{name}' is {arrays[name].dtype}")
        sketch = cls(**{name: np.asarray(arrays[name]) for name in _DTYPES})
        if sketch.params.shape != (7,) or int(sketch.params[0]) != _LAYOUT:
            raise _broken("its layout is not ours")
        signed = sketch.signatures
        if signed.ndim != 2 or signed.shape[1] != N_PERM or len(signed) > len(sketch.exact):
            raise _broken(f"its signatures have shape {signed.shape}")
        if sketch.roles.shape != sketch.exact.shape:
            raise _broken("it has another number of roles than of texts")
        return sketch


def make_sketch(rows: pl.DataFrame, task: Task, settings: OverlapSettings) -> Sketch:
    """Sketch every distinct text of a dataset.

    In a pair dataset the first text, the second text and both joined are texts of their own: a premise
    shared with a dataset of single texts is found, while a short second text ("food") never counts.

    Parameters
    ----------
    rows
        Canonical rows of all splits.
    task
        The dataset's task.
    settings
        What counts as short, and how signatures are made.

    Returns
    -------
    Sketch
        The same for the same texts, whatever their order, split or label.
    """
    seen: dict[str, int] = {}
    short: set[str] = set()
    for role, texts in _texts_by_role(rows, task):
        for text in texts:
            compact = compact_text(text)
            if len(compact) >= settings.min_chars:
                seen[compact] = seen.get(compact, 0) | role
            elif compact and not task.is_pair:
                short.add(compact)
    compacts = sorted(seen, key=text_hash)
    signed = [compact[: settings.max_chars] for compact in compacts[: settings.max_texts]]
    return Sketch(
        exact=_hashes(compacts),
        roles=np.fromiter((seen[compact] for compact in compacts), dtype=np.uint8, count=len(compacts)),
        signatures=sign_texts(signed, shingle=settings.shingle, seed=settings.seed),
        short=np.sort(_hashes(short)),
        params=np.array([_LAYOUT, int(task.is_pair), *_shape_of(settings)], dtype=np.int64),
    )


def text_hash(compact: str) -> int:
    """Return the 64-bit BLAKE2b hash of a text already brought to its compact form."""
    return int.from_bytes(
        hashlib.blake2b(compact.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def _texts_by_role(rows: pl.DataFrame, task: Task) -> Iterable[tuple[Role, list[str]]]:
    yield Role.FIRST, rows["text_a"].drop_nulls().unique().to_list()
    if task.is_pair:
        yield Role.SECOND, rows["text_b"].drop_nulls().unique().to_list()
        both = rows.select(pl.concat_str("text_a", "text_b", separator=" ")).to_series()
        yield Role.JOINED, both.drop_nulls().unique().to_list()


def _hashes(compacts: Iterable[str]) -> NDArray[np.uint64]:
    return np.array([text_hash(compact) for compact in compacts], dtype=np.uint64)


def _shape_of(settings: OverlapSettings) -> tuple[int, ...]:
    return settings.shingle, settings.min_chars, settings.max_chars, settings.max_texts, settings.seed


def _broken(detail: str) -> ArtefactError:
    return ArtefactError(
        f"A sketch of texts cannot be read: {detail}",
        consequence="the dataset cannot be checked for leaks and is left out",
        next_step="delete the sketch's file and run `springboard make datasets` to make it anew",
    )
