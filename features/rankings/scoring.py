"""Scores of a target against the pool: only those whose key is not stored yet are computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.artefacts.batches import Batches
from features.artefacts.keys import content_hash, key_of
from features.rankings.computing import TargetRows, computing_for
from features.rankings.pool import Member, scorer_settings
from features.rankings.supplies import Supplies
from features.record.recorder import mark_unrecorded
from features.registry.entries import Entry, Kind
from features.registry.ledger import now_utc
from models.errors import ArtefactError, ScoringError, SpringboardError
from models.ranking import jackknife_stderr
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
        self._settings = scorer_settings(self.plan, self.scorer)
        self._known = {
            row["key"]: row for row in self._batches.read(self.target.version).iter_rows(named=True)
        }
        self._new: list[dict[str, Any]] = []
        self._supplies = Supplies(self.plan, self.target)
        rows = TargetRows(self.plan, self.target)
        self._computing = computing_for(rows, self._supplies, self._scorer, self._settings)
        self._pool = ""

    @property
    def no_stderr(self) -> str:
        """Why this scorer's scores have no standard errors; empty where they have."""
        if self._scorer.joint:
            return "every score depends on all sources together"
        if not self._scorer.goes_by_rows:
            return "the scores are not of the target's rows"
        return "a score by this scorer takes seconds" if self._scorer.cost == "dear" else ""

    @property
    def _has_errors(self) -> bool:
        return not self.no_stderr

    def score(self, members: Sequence[Member], on_progress: OnProgress = silent) -> list[Scored]:
        """Scores of the members, with standard errors for the leading ones; new ones are stored.

        Raises
        ------
        ScoringError
            The target itself cannot be scored with this scorer.
        """
        if self._scorer.joint:
            self._pool = content_hash(sorted(member.esm for member in members))
        leading = self.plan.workspace.settings.ranking.jackknife_leading if self._has_errors else 0
        total = len(members) + min(leading, len(members))
        keys = {member.entry.name: self._member_key(member) for member in members}
        members = [member for member in members if keys[member.entry.name]]
        missing = [member for member in members if keys[member.entry.name] not in self._known]
        done = len(members) - len(missing)
        on_progress(done, total)
        for number, (member, answer) in enumerate(
            zip(missing, self._computing.scores(missing), strict=True), start=done + 1
        ):
            if isinstance(answer, SpringboardError):
                self.failures[member.entry.name] = answer.what
            else:
                self._keep(keys[member.entry.name], member.entry.version, member.esm, answer, None)
            on_progress(number, total)
        scored = {
            member.entry.name: Scored(member.entry.name, member.entry.version, member.esm, row["score"])
            for member in members
            if (row := self._known.get(keys[member.entry.name])) is not None
        }
        result = self._led(scored, {m.entry.name: m for m in members}, keys, leading, on_progress, total)
        on_progress(total, total)
        return result

    def base_score(self) -> Scored | None:
        """The score of the untouched encoder on the target; None where the scorer has none."""
        key = self._key(BASE)
        if key not in self._known or (self._has_errors and self._jackknife_key(key) not in self._known):
            computed = self._computing.base()
            if computed is None:
                return None
            score, replicates = computed
            self._keep(key, "none", BASE, score, None)
            if replicates is not None and self._has_errors:
                self._keep(self._jackknife_key(key), "none", BASE, score, replicates)
        return self._with_error(Scored(BASE, "none", BASE, self._known[key]["score"]), key)

    def store(self) -> pl.DataFrame:
        """Write what was computed as one batch; returns the new rows."""
        new = pl.DataFrame(self._new, schema=SCORES)
        if len(new):
            mark_unrecorded(self.plan.workspace)
            self._batches.append(self.target.version, new, {"scorer": self.scorer, **self._settings})
        return new

    def rows(self, scored: Sequence[Scored]) -> pl.DataFrame:
        """The stored rows behind these scores and the base encoder's, for the store."""
        esms = {one.esm for one in scored} | {BASE}
        kept = [
            row
            for _, row in sorted(self._known.items())
            if row["esm_key"] in esms
            and row["scorer"] == self.scorer
            and row["settings"] == self._settings_text
        ]
        return pl.DataFrame(kept, schema=SCORES)

    def _led(
        self,
        scored: dict[str, Scored],
        members: dict[str, Member],
        keys: dict[str, str],
        leading: int,
        on_progress: OnProgress,
        total: int,
    ) -> list[Scored]:
        """All scores, best first, with standard errors for the ``leading`` ones."""
        sign = -1.0 if self._scorer.higher_is_better else 1.0
        rest = sorted(scored.values(), key=lambda one: (sign * one.score, one.source))
        leaders: list[Scored] = []
        # One whose error cannot be had (its ESM broke after it was scored) gives its place to the next.
        while rest and len(leaders) < leading:
            round_, rest = rest[: leading - len(leaders)], rest[leading - len(leaders) :]
            lacking = [one for one in round_ if self._jackknife_key(keys[one.source]) not in self._known]
            answers = self._computing.replicates([members[one.source] for one in lacking])
            for number, (one, answer) in enumerate(zip(lacking, answers, strict=True), start=1):
                if isinstance(answer, SpringboardError):
                    self.failures[one.source] = answer.what
                else:
                    key = self._jackknife_key(keys[one.source])
                    self._keep(key, one.source_version, one.esm, one.score, answer)
                on_progress(total - leading + len(leaders) + number, total)
            leaders += [
                self._with_error(one, keys[one.source]) for one in round_ if one.source not in self.failures
            ]
        return leaders + rest

    def _with_error(self, one: Scored, key: str) -> Scored:
        row = self._known.get(self._jackknife_key(key))
        if row is None:
            return one
        return replace(one, stderr=row["stderr"], replicates=np.asarray(row["replicates"], dtype=np.float64))

    @property
    def _settings_text(self) -> str:
        return json.dumps(self._settings, sort_keys=True)

    def _member_key(self, member: Member) -> str:
        """The key of a member's score; empty, with the reason noted, where what it needs cannot be named."""
        try:
            supplied = self._supplies.keys(member, self._scorer.needs)
            if self._scorer.on == "tuned" and member.is_own:
                supplied["tuned"] = self.plan.source_keys(member.entry).moments
            return self._key(member.esm, supplied)
        except (ArtefactError, ScoringError) as problem:
            self.failures[member.entry.name] = problem.what
            return ""

    def _key(self, esm: str, supplied: dict[str, str] | None = None) -> str:
        embedding = self.plan.embedding_key(self.target.version, Kind.TARGET)
        scorer = {"scorer": self.scorer, "recipe": self._scorer.recipe, **self._settings}
        inputs = {"embedding": embedding, "esm": esm, **(supplied or {})}
        return key_of("score", inputs | ({"pool": self._pool} if self._pool else {}), scorer)

    def _jackknife_key(self, key: str) -> str:
        ranking = self.plan.workspace.settings.ranking
        return content_hash([key, "jackknife", ranking.jackknife_groups, ranking.seed])

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
            "settings": self._settings_text,
            "score": _rounded(score),
            "stderr": None if replicates is None else jackknife_stderr(replicates),
            "replicates": None if replicates is None else [float(value) for value in replicates],
            "made_at": now_utc(),
        }
        self.computed += 1
        self._known[key] = row
        self._new.append(row)


def _rounded(score: float) -> float:
    """Ten digits: the last ones of a float64 follow from how many ESMs a matrix product happened to hold."""
    return float(f"{score:.10g}")
