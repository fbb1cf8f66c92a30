"""How much of a target a source already contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.overlap.minhash import BANDS, estimate_jaccard
from features.overlap.sketch import Role, Sketch
from models.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from features.overlap.settings import OverlapSettings

__all__ = ["Overlap", "TargetIndex", "compare", "compare_many"]

_FILTER_BITS = (16, 23)  # least and most: about sixteen slots per band of the target
_COARSE, _FINE = np.uint32(0x9E3779B1), np.uint32(0xC2B2AE3D)
_PER_BUCKET = 4  # texts of the source looked at per band: where templates make thousands agree, a few will do
_BAND_SALT = np.arange(BANDS, dtype=np.uint32) * np.uint32(0x85EBCA6B)
_ROLE_WORDS = {Role.FIRST: "texts", Role.SECOND: "second texts", Role.JOINED: "pairs"}


@dataclass(frozen=True, eq=False)
class Overlap:
    """What a source shares with a target.

    Attributes
    ----------
    share_exact
        Share of the target's distinct texts that occur in the source after normalisation.
    share_near
        Share that occurs only nearly (a word inserted, a tail cut off); where the source's sketch holds signatures of
        a sample only, what was found is scaled up to all of its texts.
    share
        Their sum; for pairs, of whichever of first texts, second texts and joined pairs it is greatest.
    shared_texts
        How many distinct texts that is; of a sample an estimate, as ``share`` is.
    distinct_target
        How many distinct texts of that kind the target has.
    excluded
        Whether the source is to be left out of the target's ranking.
    reason
        One sentence for people; empty when nothing is shared.
    shared_hashes
        uint64: hashes of the shared texts, for :func:`features.overlap.find_examples`.
    """

    share_exact: float
    share_near: float
    share: float
    shared_texts: int
    distinct_target: int
    excluded: bool
    reason: str
    shared_hashes: NDArray[np.uint64]


class TargetIndex:
    """A target's sketch, prepared once so that each source costs a few milliseconds.

    Every band of every signature goes into one sorted table; two bit tables in front of it turn away almost all
    of a source's bands before anything is searched: one is asked of every band, the other of those it lets pass.

    Parameters
    ----------
    target
        The target's sketch.
    """

    def __init__(self, target: Sketch) -> None:
        self.target = target
        bands = _bands(target.signatures)
        keys = _band_keys(bands, np.arange(bands.size))
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._texts = (order // BANDS).astype(np.int64)
        bits = min(max(int(16 * bands.size).bit_length(), _FILTER_BITS[0]), _FILTER_BITS[1])
        self._shift = np.uint32(32 - bits)
        self._coarse, self._fine = np.zeros((2, 1 << bits), dtype=bool)
        salted = _salted(bands)
        self._coarse[_slots(salted, _COARSE, self._shift)] = True
        self._fine[_slots(salted, _FINE, self._shift)] = True

    def near(
        self, source: Sketch, near_duplicate: float, skip: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """Tell which of the target's texts have a near-duplicate in the source.

        Parameters
        ----------
        source
            The source's sketch.
        near_duplicate
            Jaccard similarity from which two texts are near-duplicates.
        skip
            bool [texts of the target]: texts not worth looking at, such as those found exactly.

        Returns
        -------
        numpy.ndarray
            bool [texts of the target]; skipped texts and texts without a signature are False.
        """
        found = np.zeros(len(self.target.exact), dtype=bool)
        if not len(source.signatures) or not len(self._keys):
            return found
        mine, theirs = self._candidates(source)
        if skip is not None:
            mine, theirs = mine[~skip[mine]], theirs[~skip[mine]]
        for start in range(0, len(mine), 65_536):  # bounds the memory of one pass
            part = slice(start, start + 65_536)
            alike = estimate_jaccard(self.target.signatures[mine[part]], source.signatures[theirs[part]])
            found[mine[part][alike >= near_duplicate]] = True
        return found

    def _candidates(self, source: Sketch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs (text of the target, text of the source) that agree on at least one band."""
        bands = _bands(source.signatures)
        salted = _salted(bands)
        # Slots always lie in the table; "clip" spares numpy looking.
        likely = np.flatnonzero(self._coarse.take(_slots(salted, _COARSE, self._shift), mode="clip"))
        likely = likely[self._fine.take(_slots(salted[likely], _FINE, self._shift), mode="clip")]
        keys = _band_keys(bands, likely)
        left = np.searchsorted(self._keys, keys, side="left")
        shared = self._keys[np.minimum(left, len(self._keys) - 1)] == keys
        if not shared.any():
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        likely, keys, left = likely[shared], keys[shared], left[shared]
        first = _first_of_each(keys, _PER_BUCKET)
        likely, keys, left = likely[first], keys[first], left[first]
        counts = np.searchsorted(self._keys, keys, side="right") - left
        begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
        slots = np.repeat(left - begins, counts) + np.arange(counts.sum())
        stride = np.int64(len(source.signatures))
        pairs = np.unique(self._texts[slots] * stride + np.repeat(likely // BANDS, counts))
        mine, theirs = np.divmod(pairs, stride)
        return mine, theirs


def compare(target: Sketch | TargetIndex, source: Sketch, settings: OverlapSettings) -> Overlap:
    """Measure how much of a target a source already contains.

    Parameters
    ----------
    target
        The target's sketch, or its index when many sources are compared with it.
    source
        The source's sketch.
    settings
        The thresholds.

    Returns
    -------
    Overlap
        Shares are of the *target's* distinct texts: the comparison is not symmetric.

    Raises
    ------
    ArtefactError
        When the two sketches were made with different settings.
    """
    index = target if isinstance(target, TargetIndex) else TargetIndex(target)
    target = index.target
    _check_comparable(target, source)
    exact = _is_in(target.exact, source.exact)
    near = index.near(source, settings.near_duplicate, skip=exact)
    return max(
        (_of_role(target, source, role, exact, near, settings) for role in _roles(target)),
        key=lambda o: o.share,
    )


def compare_many(
    target: Sketch, sources: Mapping[str, Sketch], settings: OverlapSettings
) -> dict[str, Overlap]:
    """Compare one target with many sources, building the target's index once.

    Parameters
    ----------
    target
        The target's sketch.
    sources
        Sketches by whatever names the caller uses.
    settings
        The thresholds.

    Returns
    -------
    dict of str to Overlap
        In the order of ``sources``.
    """
    index = TargetIndex(target)
    return {name: compare(index, source, settings) for name, source in sources.items()}


def _roles(target: Sketch) -> tuple[Role, ...]:
    return (Role.FIRST, Role.SECOND, Role.JOINED) if target.is_pair else (Role.FIRST,)


def _of_role(
    target: Sketch,
    source: Sketch,
    role: Role,
    exact: NDArray[np.bool_],
    near: NDArray[np.bool_],
    settings: OverlapSettings,
) -> Overlap:
    mine = (target.roles & role) != 0
    distinct = int(mine.sum())
    hashes = [target.exact[mine & (exact | near)]]
    n_exact, n_seen = int((mine & exact).sum()), int((mine & near).sum())
    if len(target.short) > distinct:  # a dataset of short texts: they are all there is to go by
        short = _is_in(target.short, np.union1d(source.short, source.exact))
        distinct += len(target.short)
        n_exact += int(short.sum())
        hashes.append(target.short[short])
    n_near = min(round(n_seen * _texts_per_signature(source)), max(distinct - n_exact, n_seen))
    share = (n_exact + n_near) / distinct if distinct else 0.0
    shared = n_exact + n_near
    # What a sample is scaled up to must have been seen more than once itself.
    excluded = share >= settings.threshold and n_exact + n_seen >= settings.min_shared
    return Overlap(
        share_exact=n_exact / distinct if distinct else 0.0,
        share_near=n_near / distinct if distinct else 0.0,
        share=share,
        shared_texts=shared,
        distinct_target=distinct,
        excluded=excluded,
        reason=_reason(share, shared, distinct, role, estimated=n_near > n_seen) if shared else "",
        shared_hashes=np.concatenate(hashes),
    )


def _texts_per_signature(source: Sketch) -> float:
    """How many of a compact sketch's texts each of its signatures stands for; 1 in a full one."""
    if not source.is_compact or not len(source.signatures):
        return 1.0
    return len(source.exact) / len(source.signatures)


def _reason(share: float, shared: int, distinct: int, role: Role, *, estimated: bool) -> str:
    about = "about " if estimated else ""
    return f"shares {about}{shared:,} of the target's {distinct:,} distinct {_ROLE_WORDS[role]} ({share:.1%})"


def _is_in(values: NDArray[np.uint64], table: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell which values occur in an ascending table, which may hold the upper halves of values."""
    if not len(table):
        return np.zeros(len(values), dtype=bool)
    wanted: NDArray[np.generic] = values
    if table.dtype == np.uint32:
        wanted = (values >> np.uint64(32)).astype(np.uint32)
    slots = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return np.asarray(table[slots] == wanted, dtype=bool)


def _bands(signatures: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """View every band's bytes as one number: uint32 [texts * bands]."""
    return np.ascontiguousarray(signatures).view(np.uint32).reshape(-1)


def _band_keys(bands: NDArray[np.uint32], where: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the chosen bands as uint64 that also say which band of the signature they are."""
    numbers = (where % BANDS).astype(np.uint64) << np.uint64(32)
    return np.asarray(bands[where].astype(np.uint64) | numbers, dtype=np.uint64)


def _first_of_each(keys: NDArray[np.uint64], at_most: int) -> NDArray[np.int64]:
    """Return the positions of the first few occurrences of every distinct key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(keys) else order
    run = np.arange(len(keys)) - np.repeat(begins, np.diff(np.append(begins, len(keys))))
    return np.asarray(order[run < at_most], dtype=np.int64)


def _salted(bands: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Mix into every band which band of the signature it is."""
    return np.asarray((bands.reshape(-1, BANDS) + _BAND_SALT).reshape(-1), dtype=np.uint32)


def _slots(salted: NDArray[np.uint32], factor: np.uint32, shift: np.uint32) -> NDArray[np.uint32]:
    """Return each band's slot in a bit table (Fibonacci hashing: high bits depend on all of the key)."""
    slots: NDArray[np.uint32] = salted * factor
    slots >>= shift
    return slots


def _check_comparable(target: Sketch, source: Sketch) -> None:
    differs = target.params != source.params
    differs[1] = False  # Whether it is of pairs.
    if differs.any():
        mine, theirs = np.delete(target.params, 1), np.delete(source.params, 1)
        raise ArtefactError(
            f"Two sketches were made with different overlap settings: {mine.tolist()} and {theirs.tolist()}",
            consequence="they cannot be compared, so the source stays out of the ranking",
            next_step="add the older of the two again with `springboard source add` or `springboard target add`",
        )
