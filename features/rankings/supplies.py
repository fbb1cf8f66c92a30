"""What scorers need beyond features and labels: read from artefacts when asked for, target sides made when missing.

The one place where a :class:`~models.scorers.needs.Need` meets files. A new need is a line in the tables at the end:
of a target in one, of a source in two, for one that came with a ready-made pool is read from another file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.artefacts.embeddings import read_centroid, target_embeddings
from features.artefacts.kept import (
    read_fisher,
    read_head,
    read_sample,
    read_token_counts,
    read_token_vectors,
    read_update,
    source_file,
)
from features.artefacts.keys import content_hash
from features.artefacts.sentences import sentence_centroid, sentence_centroid_key
from features.artefacts.traces import make_target_traces
from features.rankings.gains import PastGains
from features.rankings.pooled import (
    pooled_centroid,
    pooled_file,
    pooled_sentence_centroid,
    pooled_token_counts,
    refuse_pooled,
)
from models.errors import ArtefactError, ScoringError, SpringboardError
from models.scorers.needs import Need

if TYPE_CHECKING:
    from pathlib import Path

    from features.artefacts.plan import Plan
    from features.rankings.pool import Member
    from features.registry.entries import Entry

__all__ = ["Supplies"]


@dataclass
class Supplies:
    """What scorers need of one target and of the sources of its pool.

    What is of the target is read once, and so is the reason why it cannot be had. Nothing is kept of sources:
    a pool may hold thousands.

    Attributes
    ----------
    plan
        Keys and paths under the settings in force.
    target
        The registered target; its embedding artefact is there.
    """

    plan: Plan
    target: Entry
    _of_target: dict[Need, Any] = field(default_factory=dict, repr=False)

    def get(self, member: Member, needs: Collection[Need]) -> dict[Need, Any]:
        """Give everything that ``needs`` names but features and labels, which are the caller's.

        Parameters
        ----------
        member
            A source of the pool.
        needs
            A scorer's needs.

        Raises
        ------
        ArtefactError
            A file is missing or broken.
        ScoringError
            This source or target does not have what is needed: a head, say, when a model tuned elsewhere came
            without one, or anything but the map of an imported ESM.
        """
        wanted = sorted(set(needs) - {Need.FEATURES, Need.LABELS})
        return {need: self._one(member, need) for need in wanted}

    def keys(self, member: Member, needs: Collection[Need]) -> dict[str, str]:
        """Name what the needs are read from: need -> the key of an artefact, or a hash of the value.

        Where these are the same, :meth:`get` gives the same; so they belong into the key of a score. Nothing but
        past results is read.

        Raises
        ------
        ArtefactError, ScoringError
            As for :meth:`get`, where a name cannot be told.
        """
        wanted = sorted(set(needs) - {Need.FEATURES, Need.LABELS})
        return {need.value: self._named(member, need) for need in wanted}

    def _one(self, member: Member, need: Need) -> Any:
        if need in _TARGET:
            if need not in self._of_target:
                self._of_target[need] = _attempt(lambda: _TARGET[need](self))
            found = self._of_target[need]
        else:
            _refuse_imported(member, need)
            table = _POOLED if member.pooled is not None else _SOURCE
            found = _attempt(lambda: table[need](self, member))
        if isinstance(found, SpringboardError):
            raise found
        return found

    def _named(self, member: Member, need: Need) -> str:
        key = _attempt(lambda: self._key(member, need))
        if isinstance(key, SpringboardError):
            raise key
        return str(key)

    def _key(self, member: Member, need: Need) -> str:
        if need is Need.PAST_GAINS:
            return content_hash(self.past_gains.of(member.entry, self.target).tolist())
        entry = self.target if need in _TARGET else member.entry
        if need in _TARGET_TRACES:
            return self.plan.traces_key(entry.version)
        if need is Need.SOURCE_ROWS:
            return entry.version
        if member.imported is not None and need not in _TARGET:
            return member.esm
        if member.pooled is not None and need not in _TARGET:
            return member.pooled.file
        if need in (Need.SOURCE_SENTENCE_CENTROID, Need.TARGET_SENTENCE_CENTROID):
            return sentence_centroid_key(self.plan, entry)
        if need in (Need.SOURCE_HEAD, Need.SOURCE_FISHER, Need.SOURCE_UPDATE):
            return self.plan.source_keys(entry).moments
        return self.plan.embedding_key(entry.version, entry.kind)

    @cached_property
    def past_gains(self) -> PastGains:
        """Past transfer results, read once."""
        return PastGains(self.plan)

    def target_traces(self) -> Path:
        """The file of the target's own traces; the encoder is tuned on the target if it is not there.

        Raises
        ------
        TuningError, ArtefactError
            See :func:`features.artefacts.traces.make_target_traces`.
        """
        return self.plan.path("traces", make_target_traces(self.plan, self.target))


def _attempt(read: Callable[[], Any]) -> Any:
    """Read something, or give the reason why it cannot be had, as one of the two errors that exclude a source."""
    try:
        return read()
    except (ArtefactError, ScoringError) as problem:
        return problem
    except SpringboardError as problem:
        return ScoringError(problem.what, consequence=problem.consequence, next_step=problem.next_step)


def _refuse_imported(member: Member, need: Need) -> None:
    if member.imported is not None and need is not Need.PAST_GAINS:
        raise ScoringError(
            f"of the imported ESM '{member.entry.name}' there is only the map, and no {need.replace('_', ' ')}",
            consequence="it is left out of this scorer's rankings",
            next_step="add its dataset with springboard source add, or use a scorer that goes by features",
        )


def _whose(entry: Entry) -> str:
    return f"{entry.kind.value} '{entry.name}'"


_SOURCE: Mapping[Need, Callable[[Supplies, Member], Any]] = {
    Need.SOURCE_HEAD: lambda my, one: read_head(source_file(my.plan, one.entry), one.entry.name),
    Need.SOURCE_SAMPLE: lambda my, one: read_sample(my.plan, one.entry),
    Need.SOURCE_CENTROID: lambda my, one: read_centroid(my.plan, one.entry),
    Need.SOURCE_SENTENCE_CENTROID: lambda my, one: sentence_centroid(my.plan, one.entry),
    Need.SOURCE_TOKENS: lambda my, one: read_token_counts(my.plan, one.entry),
    Need.SOURCE_TOKEN_VECTORS: lambda my, one: read_token_vectors(my.plan, one.entry),
    Need.SOURCE_ROWS: lambda my, one: one.entry.rows,
    Need.PAST_GAINS: lambda my, one: my.past_gains.of(one.entry, my.target),
    Need.SOURCE_FISHER: lambda my, one: read_fisher(source_file(my.plan, one.entry), _whose(one.entry)),
    Need.SOURCE_UPDATE: lambda my, one: read_update(source_file(my.plan, one.entry), _whose(one.entry)),
}

_POOLED: Mapping[Need, Callable[[Supplies, Member], Any]] = {
    Need.SOURCE_HEAD: lambda my, one: read_head(pooled_file(my.plan, one), one.entry.name),
    Need.SOURCE_SAMPLE: lambda my, one: refuse_pooled(one, "sample of its rows"),
    Need.SOURCE_CENTROID: lambda my, one: pooled_centroid(my.plan, one),
    Need.SOURCE_SENTENCE_CENTROID: lambda my, one: pooled_sentence_centroid(my.plan, one),
    Need.SOURCE_TOKENS: lambda my, one: pooled_token_counts(my.plan, one),
    Need.SOURCE_TOKEN_VECTORS: lambda my, one: refuse_pooled(one, "sample of its tokens' vectors"),
    Need.SOURCE_ROWS: lambda my, one: one.entry.rows,
    Need.PAST_GAINS: lambda my, one: my.past_gains.of(one.entry, my.target),
    Need.SOURCE_FISHER: lambda my, one: read_fisher(pooled_file(my.plan, one), _whose(one.entry)),
    Need.SOURCE_UPDATE: lambda my, one: read_update(pooled_file(my.plan, one), _whose(one.entry)),
}

_TARGET: Mapping[Need, Callable[[Supplies], Any]] = {
    Need.BASE_FEATURES: lambda my: target_embeddings(my.plan, my.target),
    Need.TARGET_CENTROID: lambda my: read_centroid(my.plan, my.target),
    Need.TARGET_SENTENCE_CENTROID: lambda my: sentence_centroid(my.plan, my.target),
    Need.TARGET_TOKENS: lambda my: read_token_counts(my.plan, my.target),
    Need.TARGET_TOKEN_VECTORS: lambda my: read_token_vectors(my.plan, my.target),
    Need.TARGET_FISHER: lambda my: read_fisher(my.target_traces(), _whose(my.target)),
    Need.TARGET_UPDATE: lambda my: read_update(my.target_traces(), _whose(my.target)),
}

_TARGET_TRACES = frozenset({Need.TARGET_FISHER, Need.TARGET_UPDATE})
