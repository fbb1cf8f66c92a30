"""All past transfers that say something here: those that came with pools, and those that teams reported."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from features.calibration.evidence import PastTransfer
from features.calibration.keeping import evidence_of_pools
from features.rankings.ranking import read_ranking
from features.rankings.transfers import Transfer, Transfers
from features.registry.entries import Kind
from models.errors import ArtefactError
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.calibration.looks import Looks

__all__ = ["Known", "KnownTransfers", "settings_text"]


def settings_text(settings: dict[str, Any]) -> str:
    """A scorer's settings as evidence names them."""
    return json.dumps(settings, sort_keys=True)


@dataclass(frozen=True)
class Known:
    """A past transfer with the names that its source and target go by here.

    A source that is not in the workspace is ``POOL/NAME``, which no name of ours can be. ``reported`` says that a team
    saw it, and not whoever made a pool.
    """

    source: str
    target: str
    transfer: PastTransfer
    reported: bool


@dataclass(frozen=True)
class KnownTransfers:
    """Past transfers of the encoder in force, with scores by the default scorer as it is set.

    A pair that several tell of, with as many rows of the target, goes by what a team reported here, else by the pool
    that came first. Reports count where a ranking was in force when they were made: it says what the score was.
    """

    plan: Plan
    looks: Looks
    scorer: str
    settings: str
    _rankings: dict[str, dict[str, Any] | None] = field(default_factory=dict, repr=False)

    @cached_property
    def all(self) -> list[Known]:
        """In the order of targets and sources.

        Raises
        ------
        ArtefactError
            A file of evidence or the ledger of transfers is broken.
        """
        found: dict[tuple[str, str, int], Known] = {}
        for one in (*self._reported, *self._of_pools):
            if one.source != one.target:
                found.setdefault((one.target, one.source, one.transfer.target_rows), one)
        return [found[pair] for pair in sorted(found)]

    def source_name(self, name: str) -> str:
        """The first name of a source's rows."""
        return self._transfers.pair_of(name, "")[0]

    def target_name(self, name: str) -> str:
        """The first name of a target's rows."""
        return self._transfers.pair_of("", name)[1]

    @cached_property
    def _transfers(self) -> Transfers:
        return Transfers(self.plan)

    @property
    def _of_pools(self) -> list[Known]:
        wanted = self.plan.encoder, self.scorer, self.settings
        pooled = {(one.pool, one.listed): one.name for one in self.plan.registry.pooled().values()}
        sources = {entry.version: entry.name for entry in reversed(self.plan.pool())}
        registered = self.plan.registry.current(Kind.TARGET).values()
        targets = {entry.version: entry.name for entry in reversed(list(registered))}
        found = []
        for pool, one in evidence_of_pools(self.plan):
            if (one.encoder, one.scorer, one.settings) != wanted:
                continue
            source = pooled.get((pool, one.source)) or sources.get(one.source_version)
            target = targets.get(one.target_version)
            found.append(
                Known(
                    self.source_name(source) if source else f"{pool}/{one.source}",
                    self.target_name(target) if target else f"{pool}/{one.target}",
                    one,
                    reported=False,
                )
            )
        return found

    @property
    def _reported(self) -> list[Known]:
        pairs = self._transfers.in_force
        told = ((pair, self._told(list(pairs[pair].values()))) for pair in sorted(pairs))
        return [Known(*pair, one, reported=True) for pair, one in told if one is not None]

    def _told(self, runs: Sequence[Transfer]) -> PastTransfer | None:
        """A pair's runs as one past transfer, with the score of the newest run that a ranking of its time gave one.

        None where no run has such a score. Runs without one count for the gain all the same: it was measured.
        """
        newest_first = sorted(runs, key=lambda run: run.number, reverse=True)
        seen = next(((run, *found) for run in newest_first if (found := self._seen(run)) is not None), None)
        if seen is None:
            return None
        newest, ranking, row = seen
        line = newest.line
        runs = [run for run in runs if run.line.get("metric") == line.get("metric")]
        gains = [100.0 * run.gain for run in runs]
        source, target = newest.pair
        return PastTransfer(
            encoder=self.plan.encoder,
            scorer=self.scorer,
            settings=self.settings,
            source=source,
            source_version=str(row["source_version"]),
            target=target,
            target_version=str(ranking["target_version"]),
            metric=str(line.get("metric") or ""),
            source_rows=self.looks.rows_of(source),
            target_rows=int(ranking["target_rows"]),
            lift=lift_of(row["score"], ranking["base_score"]["score"], self.scorer),
            standing=standing_of(int(row["rank"]), len(ranking["ranking"])),
            nearness=self.looks.nearness(source, target),
            gain=math.fsum(gains) / len(gains),
            gain_stderr=float(np.std(gains, ddof=1) / math.sqrt(len(gains))) if len(gains) > 1 else None,
            seeds=len(gains),
        )

    def _seen(self, run: Transfer) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The ranking that was in force when a run was reported, and the source's row in it."""
        line = run.line
        if line.get("encoder") != self.plan.encoder or line.get("scorer") != self.scorer:
            return None
        ranking = self._ranking(line.get("ranking_id"))
        row = None if ranking is None else _row_of(ranking, line)
        return None if ranking is None or row is None else (ranking, row)

    def _ranking(self, key: object) -> dict[str, Any] | None:
        """The ranking of an id, where it is here, with scores that can be held against the untouched encoder's."""
        name = str(key)
        if name not in self._rankings:
            try:
                ranking = read_ranking(self.plan.workspace.folder("rankings"), name)
            except ArtefactError:
                self._rankings[name] = None
            else:
                fits = ranking["base_score"] is not None and ranking["scorer"] == self.scorer
                self._rankings[name] = ranking if fits else None
        return self._rankings[name]


def _row_of(ranking: dict[str, Any], line: Mapping[str, Any]) -> dict[str, Any] | None:
    # Where the ranking could not be read when the result was reported, its rank was not known; it may be here by now.
    name = "rank" if line.get("ranked") is not None else "source_version"
    wanted = line.get(name)
    return next((row for row in ranking["ranking"] if wanted is not None and row[name] == wanted), None)


def lift_of(score: float, base: float, scorer: str) -> float:
    """A score less the untouched encoder's; above 0 where it is better."""
    return score - base if get_scorer(scorer).higher_is_better else base - score


def standing_of(rank: int, ranked: int) -> float:
    """1 for the first of a ranking, -1 for the last, in even steps; 0 for one that stands alone."""
    return 1.0 - 2.0 * (rank - 1) / (ranked - 1) if ranked > 1 else 0.0
