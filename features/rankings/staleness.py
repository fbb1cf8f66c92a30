"""Which targets are stale, and since when; it follows from stored state alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from features.artefacts.files import read_arrays_card
from features.calibration.keeping import newest_evidence
from features.rankings.history import RankingLedger
from features.rankings.pool import Pool, why_not_taken
from features.registry.entries import Entry, Kind
from features.registry.ledger import parse_time
from models.errors import ArtefactError
from models.scorers import Need, get_scorer

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["Freshness", "freshness", "freshness_by", "stale_targets"]


@dataclass(frozen=True)
class Freshness:
    """How fresh one target's ranking by one scorer is.

    ``stale_since`` is None while the ranking is of the present state of pool, target and settings, however
    long ago it was made; otherwise the time of the first change it does not know of. Where the scorer does not take
    the target's task, ``applies`` is False and ``reason`` says so: there is no ranking to be fresh or stale.
    """

    target: str
    ranked_at: str | None
    ranking_id: str | None
    stale_since: str | None
    reason: str
    applies: bool = True

    @property
    def is_stale(self) -> bool:
        """Whether a refresh would have something to do."""
        return self.stale_since is not None

    def staleness(self, now: datetime | None = None) -> float:
        """Seconds since the ranking became stale; 0 while it is fresh."""
        if self.stale_since is None:
            return 0.0
        return max(0.0, ((now or datetime.now(UTC)) - parse_time(self.stale_since)).total_seconds())


def freshness(plan: Plan, scorer: str | None = None) -> list[Freshness]:
    """The freshness of every registered target, in the order of registration, by the default scorer or another."""
    scorer = scorer or plan.workspace.settings.ranking.scorer
    return freshness_by(plan, [scorer])[scorer]


def freshness_by(plan: Plan, scorers: Sequence[str]) -> dict[str, list[Freshness]]:
    """The same for several scorers; the pool is looked through once."""
    pool, ledger = Pool(plan), RankingLedger(plan.workspace)
    targets = plan.registry.current(Kind.TARGET).values()
    return {scorer: [_one(plan, pool, ledger, target, scorer) for target in targets] for scorer in scorers}


def stale_targets(plan: Plan, scorer: str | None = None) -> list[str]:
    """The names of the targets that a refresh would work on."""
    return [one.target for one in freshness(plan, scorer) if one.is_stale]


def _one(plan: Plan, pool: Pool, ledger: RankingLedger, target: Entry, scorer: str) -> Freshness:
    not_taken = why_not_taken(scorer, target)
    if not_taken:
        return Freshness(target.name, None, None, None, not_taken, applies=False)
    last = ledger.newest(target.name, scorer, plan.encoder)
    if last is None:
        return Freshness(target.name, None, None, target.at, "never ranked with this encoder and scorer")
    if not ledger.has_file(last):
        # A clone without its files, or one that somebody deleted: a refresh makes the same ranking again.
        why = "its ranking's file is missing (dvc pull, or springboard refresh)"
        return Freshness(target.name, last["at"], last["ranking_id"], last["at"], why)
    if last["state"] == pool.state(target, scorer):
        return Freshness(target.name, last["at"], last["ranking_id"], None, _why_fresh(last))
    since, reason = _first_change(plan, pool, target, scorer, last["at"])
    return Freshness(target.name, last["at"], last["ranking_id"], since, reason)


def _why_fresh(line: dict[str, Any]) -> str:
    """Say of a restored ranking that somebody chose to pass over what had changed until then."""
    release = line.get("restored_from")
    return f"restored from release {str(release)[:12]}" if release else "fresh"


def _first_change(plan: Plan, pool: Pool, target: Entry, scorer: str, ranked_at: str) -> tuple[str, str]:
    changes = []
    if target.at > ranked_at:
        changes.append((target.at, "the target's own data changed"))
    for member in pool.members:
        try:
            made = read_arrays_card(plan.path("esms", member.esm)).made_at
        except ArtefactError:
            continue
        if max(made, member.entry.at) > ranked_at:
            changes.append((max(made, member.entry.at), f"source '{member.entry.name}' is new or changed"))
    for (name, source), at in pool.allowed_overlaps.items():
        if name == target.name and at > ranked_at:
            changes.append((at, f"source '{source}' may overlap from now on"))
    has_gains = pool.calibration_key(scorer) is not None
    goes_by_results = Need.PAST_GAINS in get_scorer(scorer).needs or has_gains
    if goes_by_results and (newest := _newest_result(pool)) > ranked_at:
        changes.append((newest, "there are new transfer results"))
    if has_gains and (came := newest_evidence(plan)) > ranked_at:
        changes.append((came, "there is other evidence of past transfers"))
    # What leaves no time of its own (settings, a source that was taken back) counts from the last ranking on.
    if not changes:
        return ranked_at, "the settings or the pool changed"
    since, first = min(changes)
    more = len(changes) - 1
    return since, f"{first}, and {more} more change{'s' if more > 1 else ''}" if more else first


def _newest_result(pool: Pool) -> str:
    try:
        return pool.gains.newest
    except ArtefactError:
        return ""
