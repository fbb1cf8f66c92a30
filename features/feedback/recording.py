"""Recording what teams saw, and taking it back: lines at the end of ledgers/transfers.jsonl, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from features.audit import note as audit_note
from features.audit import who
from features.feedback.advice import Advice, Advisor
from features.feedback.offers import offer_of
from features.feedback.reports import Checked, Report, checked_note, checked_report
from features.rankings.pool import Pool
from features.rankings.staleness import freshness_by
from features.rankings.transfers import REPORTED, WITHDRAWN, Pair, Transfers
from features.record.recorder import mark_unrecorded
from features.registry.entries import Kind
from features.registry.ledger import Ledger
from models.errors import SettingsError
from models.scorers import SCORERS, Need

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = ["Recorded", "record_feedback", "stale_through_feedback", "withdraw_feedback"]

Status = Literal["new", "replaced", "unchanged"]
_Known = dict[tuple[Pair, int | None], Mapping[str, Any]]


@dataclass(frozen=True)
class Recorded:
    """What became of a report: ``new``, ``replaced`` (of the same pair and seed) or ``unchanged`` (nothing stored).

    ``record`` is the line of the ledger that is in force, ``gain`` the pair's mean over its seeds from now on.
    """

    status: Status
    record: dict[str, Any]
    gain: float
    seeds: int


def record_feedback(plan: Plan, reports: Sequence[Report | Checked]) -> list[Recorded]:
    """Record what a team saw; all reports are checked before the first is recorded.

    The same report once more is not recorded again, so that a call that was cut short can be repeated.

    Raises
    ------
    NamingError, SettingsError
        A report cannot be taken; none was recorded.
    ArtefactError
        A line of the ledger is broken; none was recorded.
    """
    checked = [one if isinstance(one, Checked) else checked_report(plan, one) for one in reports]
    by, advisor = who(plan.workspace), Advisor(plan)
    records = [_record_of(one, advisor.on(one.target, one.offer), by) for one in checked]
    with plan.workspace.lock("feedback"):
        before = Transfers(plan)
        known: _Known = {
            (pair, seed): run.line for pair, runs in before.in_force.items() for seed, run in runs.items()
        }
        done = [_append(plan, before, record, known) for record in records]
    after = Transfers(plan)
    return [_recorded(after, status, line) for status, line in done]


def _record_of(one: Checked, advice: Advice, by: str | None) -> dict[str, Any]:
    return {
        "event": REPORTED,
        "target": one.target.name,
        "source": one.offer.name,
        "score": one.score,
        "baseline": one.baseline,
        "seed": one.seed,
        "metric": one.metric,
        "note": one.note,
        "by": by,
        "target_version": one.target.version,
        "source_version": one.offer.version,
        "encoder": advice.encoder,
        "scorer": advice.scorer,
        "ranking_id": advice.ranking_id,
        "ranked": advice.ranked,
        "rank": advice.rank,
        "tier": advice.tier,
        "advised_score": advice.score,
    }


_SAID = (
    "target",
    "source",
    "score",
    "baseline",
    "seed",
    "metric",
    "note",
    "target_version",
    "source_version",
)


def _append(
    plan: Plan, transfers: Transfers, record: dict[str, Any], known: _Known
) -> tuple[Status, Mapping[str, Any]]:
    """Append a record, unless it says what is in force of its pair and seed already."""
    slot = transfers.pair_of(record["source"], record["target"]), record["seed"]
    before = known.get(slot)
    if before is not None and all(before.get(name) == record[name] for name in _SAID):
        return "unchanged", before
    mark_unrecorded(plan.workspace)
    known[slot] = _noted(plan, Ledger(transfers.path), record)
    return "new" if before is None else "replaced", known[slot]


def _recorded(transfers: Transfers, status: Status, line: Mapping[str, Any]) -> Recorded:
    source, target = transfers.pair_of(line["source"], line["target"])
    runs = transfers.in_force.get((source, target), {})
    # Somebody may have withdrawn it in this very moment.
    gain = transfers.gains[source][target] if runs else line["score"] - line["baseline"]
    return Recorded(status, dict(line), gain, max(len(runs), 1))


def withdraw_feedback(
    plan: Plan, target: str, source: str, *, seed: int | None = None, note: str | None = None
) -> list[dict[str, Any]]:
    """Take back what was reported of a pair, all of it or that of one seed; the records stay and count no more.

    Returns
    -------
    list of dict
        The records that counted until now.

    Raises
    ------
    NamingError
        A name is not known.
    SettingsError
        Nothing is in force that could be withdrawn.
    ArtefactError
        A line of the ledger is broken.
    """
    note = checked_note(note)
    with plan.workspace.lock("feedback"):
        transfers = Transfers(plan)
        runs = transfers.in_force.get(transfers.pair_of(source, target), {})
        taken = [dict(run.line) for one, run in runs.items() if seed is None or one == seed]
        if not taken:
            raise _nothing_to_withdraw(plan, target, source, seed)
        mark_unrecorded(plan.workspace)
        _noted(
            plan,
            Ledger(transfers.path),
            {
                "event": WITHDRAWN,
                "target": target,
                "source": source,
                "seed": seed,
                "note": note,
                "by": who(plan.workspace),
            },
        )
    return taken


def _noted(plan: Plan, ledger: Ledger, record: Mapping[str, Any]) -> dict[str, Any]:
    line = ledger.append(record)
    on = {name: record[name] for name in ("target", "source", "seed")}
    audit_note(plan.workspace, f"feedback {record['event']}", on, ledger=ledger, record=line)
    return line


def _nothing_to_withdraw(plan: Plan, target: str, source: str, seed: int | None) -> SettingsError:
    # A name that nobody knows is the likelier mistake, and says so itself.
    plan.registry.get(Kind.TARGET, target)
    offer_of(plan, source)
    of_seed = "" if seed is None else f" with seed {seed}"
    return SettingsError(
        f"no result of source '{source}' on target '{target}'{of_seed} is in force",
        consequence="nothing was withdrawn",
        next_step="springboard list feedback shows what is",
    )


def stale_through_feedback(plan: Plan) -> dict[str, list[str]]:
    """Scorer that goes by past transfers -> the targets ranked by it whose ranking is stale now.

    The default scorer is among them where its rankings tell expected gains.
    """
    scorers = [scorer.name for scorer in SCORERS.values() if Need.PAST_GAINS in scorer.needs]
    pool = Pool(plan)
    if pool.calibration_key(pool.expecting.scorer) is not None:
        scorers.append(pool.expecting.scorer)
    found = {
        scorer: [one.target for one in standing if one.is_stale and one.ranked_at is not None]
        for scorer, standing in freshness_by(plan, scorers).items()
    }
    return {scorer: targets for scorer, targets in found.items() if targets}
