"""How the scores of a pool are computed: many ESMs at once where a scorer can, one by one, or all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from features.artefacts.embeddings import target_embeddings
from features.artefacts.esms import read_esm
from features.artefacts.files import read_table
from features.artefacts.tuned_features import tuned_features
from features.rankings.pooled import refuse_pooled
from features.rankings.supplies import Supplies
from models.errors import ArtefactError, EncoderError, ReadError, ScoringError, SpringboardError
from models.esm import ESM
from models.ranking import LogmeOfMaps, jackknife_groups, score_with_replicates
from models.scorers import Need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.rankings.pool import Member
    from features.registry.entries import Entry
    from models.scorers import Scorer

__all__ = ["Computing", "TargetRows", "computing_for"]

_BLOCK = 64
"""ESMs that are read and scored together: enough to share the work, few enough for memory."""

Answer = float | SpringboardError
Replicates = "NDArray[np.float64] | SpringboardError"


class TargetRows:
    """A target's embeddings and labels, read when first asked for."""

    def __init__(self, plan: Plan, target: Entry) -> None:
        self.plan, self.target = plan, target

    @cached_property
    def base(self) -> NDArray[np.float64]:
        """Base embeddings, [n, d]."""
        return target_embeddings(self.plan, self.target).astype(np.float64)

    @cached_property
    def labels(self) -> list[Any]:
        """The n labels."""
        rows = read_table(self.plan.path("datasets", self.target.version))
        return list(rows["label"].to_list())

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The jackknife's groups, int [n]."""
        ranking = self.plan.workspace.settings.ranking
        return jackknife_groups(self.labels, self.target.task, ranking.jackknife_groups, ranking.seed)

    def esm(self, member: Member) -> ESM:
        """A source's ESM.

        Raises
        ------
        ArtefactError
            See :func:`features.artefacts.esms.read_esm`.
        """
        return read_esm(self.plan, member.esm, self.base.shape[1])

    def by_tuned(self, member: Member) -> NDArray[np.float64]:
        """The target's embeddings by a source's tuned encoder, [n, d].

        Raises
        ------
        ArtefactError, ScoringError
            There is no such encoder, or it cannot be used.
        """
        if member.imported is not None:
            raise ScoringError(
                f"of the imported ESM '{member.entry.name}' there is only the map, and no tuned model"
            )
        if member.pooled is not None:
            refuse_pooled(member, "tuned model")
        try:
            return tuned_features(self.plan, member.entry, self.target).astype(np.float64)
        except (EncoderError, ReadError) as problem:
            raise ScoringError(
                problem.what, consequence=problem.consequence, next_step=problem.next_step
            ) from problem


class Computing(Protocol):
    """What scores members of a pool; where one cannot be scored, the reason comes in its place."""

    def scores(self, members: Sequence[Member]) -> Iterator[Answer]:
        """One answer a member, in order."""
        ...

    def replicates(self, members: Sequence[Member]) -> Iterator[Any]:
        """Jackknife replicates [g] of each member, or the reason why not."""
        ...

    def base(self) -> tuple[float, NDArray[np.float64] | None] | None:
        """Score of the untouched encoder with its replicates; None where the scorer has none."""
        ...


def computing_for(
    rows: TargetRows, supplies: Supplies, scorer: Scorer, settings: dict[str, Any]
) -> Computing:
    """Choose the way a scorer is computed."""
    if scorer.name == "logme":
        return _ManyMaps(rows, supplies, scorer, settings)
    return (_Together if scorer.joint else _OneByOne)(rows, supplies, scorer, settings)


class _OneByOne:
    """Any scorer, one source after another."""

    def __init__(
        self, rows: TargetRows, supplies: Supplies, scorer: Scorer, settings: dict[str, Any]
    ) -> None:
        self._rows, self._supplies, self._scorer, self._settings = rows, supplies, scorer, settings

    def scores(self, members: Sequence[Member]) -> Iterator[Answer]:
        for member in members:
            yield _attempt(self._score, member)

    def replicates(self, members: Sequence[Member]) -> Iterator[Any]:
        for member in members:
            yield _attempt(self._replicates, member)

    def base(self) -> tuple[float, NDArray[np.float64] | None] | None:
        # Only what goes by the target's own rows can be said of an encoder that no source has touched.
        if not {Need.FEATURES} <= self._scorer.needs <= {Need.FEATURES, Need.LABELS}:
            return None
        score = self._scorer.score(
            self._rows.base, self._rows.labels, self._rows.target.task, **self._settings
        )
        if self._scorer.cost == "dear":
            return score, None
        return score, self._with_replicates(self._rows.base, {})

    def _features(self, member: Member) -> NDArray[np.float64] | None:
        if Need.FEATURES not in self._scorer.needs:
            return None
        if self._scorer.on == "tuned":
            return self._rows.by_tuned(member)
        mapped: NDArray[np.float64] = self._rows.esm(member).apply(self._rows.base)
        return mapped

    def _score(self, member: Member) -> float:
        given = self._supplies.get(member, self._scorer.needs)
        return self._scorer.score(
            self._features(member), self._rows.labels, self._rows.target.task, given=given, **self._settings
        )

    def _replicates(self, member: Member) -> NDArray[np.float64]:
        return self._with_replicates(self._features(member), self._supplies.get(member, self._scorer.needs))

    def _with_replicates(
        self, features: NDArray[np.float64] | None, given: dict[Need, Any]
    ) -> NDArray[np.float64]:
        rows = self._rows
        return score_with_replicates(
            self._scorer, features, rows.labels, rows.target.task, rows.groups, given=given, **self._settings
        )[1]


class _ManyMaps(_OneByOne):
    """LogME, many ESMs at once."""

    @cached_property
    def _engine(self) -> LogmeOfMaps:
        rows = self._rows
        device = rows.plan.workspace.settings.run.scoring_device
        return LogmeOfMaps(rows.base, rows.labels, rows.target.task, device=device, **self._settings)

    def base(self) -> tuple[float, NDArray[np.float64] | None] | None:
        # The map that changes nothing: the decompositions it needs are those that the sources need.
        nothing = ESM.identity(self._rows.base.shape[1])
        (score,) = self._engine.scores([nothing])
        (replicates,) = self._engine.replicates([nothing], self._rows.groups)
        if isinstance(score, SpringboardError):
            raise score
        if isinstance(replicates, SpringboardError):
            raise replicates
        return score, replicates

    def scores(self, members: Sequence[Member]) -> Iterator[Answer]:
        yield from self._in_blocks(members, self._engine.scores)

    def replicates(self, members: Sequence[Member]) -> Iterator[Any]:
        yield from self._in_blocks(members, lambda esms: self._engine.replicates(esms, self._rows.groups))

    def _in_blocks(
        self, members: Sequence[Member], compute: Callable[[list[ESM]], list[Any]]
    ) -> Iterator[Any]:
        for start in range(0, len(members), _BLOCK):
            read = [_attempt(self._rows.esm, member) for member in members[start : start + _BLOCK]]
            whole = [esm for esm in read if not isinstance(esm, SpringboardError)]
            computed = iter(compute(whole))
            yield from (esm if isinstance(esm, SpringboardError) else next(computed) for esm in read)


class _Together(_OneByOne):
    """A scorer that looks at all sources of the pool together."""

    def scores(self, members: Sequence[Member]) -> Iterator[Answer]:
        given = [_attempt(self._all_of, member) for member in members]
        usable = [one for one in given if not isinstance(one, SpringboardError)]
        computed = iter(
            self._scorer.score_together(
                (self._with_features(one) for one in usable),
                self._rows.labels,
                self._rows.target.task,
                **self._settings,
            )
            if usable
            else []
        )
        yield from (one if isinstance(one, SpringboardError) else next(computed) for one in given)

    def _all_of(self, member: Member) -> tuple[Member, dict[Need, Any]]:
        given = self._supplies.get(member, self._scorer.needs)
        # Whether there are features is found out now, and the features themselves are made when their turn comes.
        self._features(member)
        return member, given

    def _with_features(self, one: tuple[Member, dict[Need, Any]]) -> dict[Need, Any]:
        member, given = one
        features = self._features(member)
        return given if features is None else {**given, Need.FEATURES: features}


def _attempt(compute: Callable[[Any], Any], member: Member) -> Any:
    """Compute something of a member, or give one of the two errors that exclude a source."""
    try:
        return compute(member)
    except (ArtefactError, ScoringError) as problem:
        return problem
