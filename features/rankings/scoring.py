"""Scores of a target against the pool: only those whose key is not stored yet are computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.artefacts.batches import Batches
from features.artefacts.embeddings import target_embeddings
from features.artefacts.esms import read_esm
from features.artefacts.files import read_table
from features.artefacts.keys import content_hash, key_of
from features.rankings.pool import Member, scorer_settings
from features.record.recorder import mark_unrecorded
from features.registry.entries import Entry, Kind
from features.registry.ledger import now_utc
from models.errors import ArtefactError, ScoringError
from models.ranking import jackknife_groups, jackknife_stderr, score_with_replicates
from models.scorers import get_scorer
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan

__all__ = ["SCORES", "Scored", "Scoring"]

SCORES = pl.Schema(
    {
        "key": pl.String(),
        "target_version": pl.String(),
        "source_version": pl.String(),
        "encoder": pl.String(),
        "esm_key": pl.String(),
        "scorer": pl.String(),
        "settings": pl.String(),
        "score": pl.Float64(),
        "stderr": pl.Float64(),
        "replicates": pl.List(pl.Float64()),
        "made_at": pl.String(),
    }
)

BASE = "none"
"""Stands for "no ESM": the target's own embeddings."""


@dataclass(frozen=True)
class Scored:
    """One score of one source for the target, with the jackknife's replicates where they were computed."""

    source: str
    source_version: str
    esm: str
    score: float
    stderr: float | None = None
    replicates: NDArray[np.float64] | None = None


@dataclass
class Scoring:
    """Scores one target with one scorer.

    Attributes
    ----------
    computed
        How many scores and jackknifes were really computed.
    failures
        Source name -> why it could not be scored; the others are ranked all the same.
    """

    plan: Plan
    target: Entry
    scorer: str
    computed: int = 0

    def __post_init__(self) -> None:
        self.failures: dict[str, str] = {}
        self._batches = Batches(self.plan.workspace.folder("scores"), SCORES)
        self._scorer = get_scorer(self.scorer)
        self._known = {
            row["key"]: row for row in self._batches.read(self.target.version).iter_rows(named=True)
        }
        self._new: list[dict[str, Any]] = []
        self._loaded: tuple[NDArray[np.float32], list[Any]] | None = None
        self._groups: NDArray[np.int64] | None = None

    def score(self, members: Sequence[Member], on_progress: OnProgress = silent) -> list[Scored]:
        """Scores of the members, with standard errors for the leading ones; new ones are stored.

        Raises
        ------
        ScoringError
            The target itself cannot be scored with this scorer.
        """
        leading = self.plan.workspace.settings.ranking.jackknife_leading
        total = len(members) + min(leading, len(members))
        scored: list[Scored] = []
        for number, member in enumerate(members, start=1):
            one = self._attempt(member)
            if one is not None:
                scored.append(one)
            on_progress(number, total)
        sign = -1.0 if self._scorer.higher_is_better else 1.0
        scored.sort(key=lambda one: (sign * one.score, one.source))
        leaders: list[Scored] = []
        rest = scored[::-1]
        # One whose error cannot be had (its ESM broke after it was scored) gives its place to the next.
        while rest and len(leaders) < leading:
            leader = self._attempt_error(rest.pop())
            if leader is not None:
                leaders.append(leader)
            on_progress(len(members) + len(leaders), total)
        on_progress(total, total)
        return leaders + rest[::-1]

    def base_score(self) -> Scored:
        """The score of the untouched encoder on the target."""
        score = self._one(BASE, "none", BASE)
        return self._with_error(score)

    def store(self) -> pl.DataFrame:
        """Write what was computed as one batch; returns the new rows."""
        new = pl.DataFrame(self._new, schema=SCORES)
        if len(new):
            mark_unrecorded(self.plan.workspace)
            self._batches.append(self.target.version, new, {"scorer": self.scorer, **self._settings()})
        return new

    def rows(self, scored: Sequence[Scored]) -> pl.DataFrame:
        """The stored rows behind these scores and the base encoder's, for the store."""
        wanted = {self._key(one.esm) for one in scored} | {self._jackknife_key(one.esm) for one in scored}
        wanted |= {self._key(BASE), self._jackknife_key(BASE)}
        return pl.DataFrame([self._known[key] for key in sorted(wanted) if key in self._known], schema=SCORES)

    def _attempt(self, member: Member) -> Scored | None:
        try:
            return self._one(member.entry.name, member.entry.version, member.esm)
        except (ArtefactError, ScoringError) as problem:
            self.failures[member.entry.name] = problem.what
            return None

    def _attempt_error(self, one: Scored) -> Scored | None:
        try:
            return self._with_error(one)
        except (ArtefactError, ScoringError) as problem:
            self.failures[one.source] = problem.what
            return None

    def _settings(self) -> dict[str, Any]:
        return scorer_settings(self.plan, self.scorer)

    def _key(self, esm: str) -> str:
        embedding = self.plan.embedding_key(self.target.version, Kind.TARGET)
        scorer = {"scorer": self.scorer, "recipe": self._scorer.recipe, **self._settings()}
        return key_of("score", {"embedding": embedding, "esm": esm}, scorer)

    def _jackknife_key(self, esm: str) -> str:
        ranking = self.plan.workspace.settings.ranking
        return content_hash([self._key(esm), "jackknife", ranking.jackknife_groups, ranking.seed])

    def _one(self, name: str, version: str, esm: str) -> Scored:
        key = self._key(esm)
        if key not in self._known:
            self._keep(key, version, esm, self._compute(esm), None)
        return Scored(name, version, esm, self._known[key]["score"])

    def _with_error(self, one: Scored) -> Scored:
        key = self._jackknife_key(one.esm)
        if key not in self._known:
            self._keep(key, one.source_version, one.esm, one.score, self._jackknife(one.esm))
        row = self._known[key]
        return replace(one, stderr=row["stderr"], replicates=np.asarray(row["replicates"], dtype=np.float64))

    def _keep(
        self, key: str, version: str, esm: str, score: float, replicates: NDArray[np.float64] | None
    ) -> None:
        row = {
            "key": key,
            "target_version": self.target.version,
            "source_version": version,
            "encoder": self.plan.encoder,
            "esm_key": esm,
            "scorer": self.scorer,
            "settings": json.dumps(self._settings(), sort_keys=True),
            "score": float(score),
            "stderr": None if replicates is None else jackknife_stderr(replicates),
            "replicates": None if replicates is None else [float(value) for value in replicates],
            "made_at": now_utc(),
        }
        self.computed += 1
        self._known[key] = row
        self._new.append(row)

    def _features(self, esm: str) -> NDArray[np.float64]:
        base, _ = self._target()
        wide = base.astype(np.float64)
        return wide if esm == BASE else read_esm(self.plan, esm, base.shape[1]).apply(wide)

    def _target(self) -> tuple[NDArray[np.float32], list[Any]]:
        if self._loaded is None:
            rows = read_table(self.plan.path("datasets", self.target.version))
            self._loaded = target_embeddings(self.plan, self.target), rows["label"].to_list()
        return self._loaded

    def _compute(self, esm: str) -> float:
        _, labels = self._target()
        return self._scorer.score(self._features(esm), labels, self.target.task, **self._settings())

    def _jackknife(self, esm: str) -> NDArray[np.float64]:
        _, labels = self._target()
        ranking = self.plan.workspace.settings.ranking
        if self._groups is None:
            self._groups = jackknife_groups(labels, self.target.task, ranking.jackknife_groups, ranking.seed)
        _, replicates = score_with_replicates(
            self._scorer, self._features(esm), labels, self.target.task, self._groups, **self._settings()
        )
        return replicates
