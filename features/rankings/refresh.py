"""Refreshing a target: leak check, scores of what is new, one ranking, one line in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from features.artefacts.code import code_version
from features.artefacts.embeddings import make_embedding
from features.rankings.history import RankingLedger, order_of
from features.rankings.overlaps import leaks_of, unchecked
from features.rankings.pool import Member, Pool, scorer_settings, why_not_taken
from features.rankings.ranking import (
    RANKING_FORMAT,
    order_id,
    ordered_rows,
    ranking_id,
    read_ranking,
    write_ranking,
)
from features.rankings.scoring import Scored, Scoring
from features.record.recorder import mark_unrecorded
from features.registry.ledger import now_utc
from models.errors import ArtefactError, ScoringError
from models.scorers import get_scorer
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["Refreshed", "refresh_target"]


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: the ranking in force, whether it is a new one, and how many scores were computed.

    ``scores`` are the rows behind it, for the store. ``recalibrated`` says that its scores and ranks are those of
    before, and its expected gains are not.
    """

    target: str
    ranking: dict[str, Any]
    changed: bool
    computed: int
    scores: pl.DataFrame
    recalibrated: bool = False


def refresh_target(
    plan: Plan,
    target: Entry,
    scorer: str | None = None,
    *,
    force: bool = False,
    on_progress: OnProgress = silent,
) -> Refreshed | None:
    """Bring a target's ranking up to the pool's state.

    Parameters
    ----------
    plan
        Keys and paths under the settings in force.
    target
        The registered target.
    scorer
        Which scorer; the settings' default when not given.
    force
        Put the ranking together even when nothing it follows from has changed. Stored scores are used all
        the same: they are named by everything they follow from.

    Returns
    -------
    Refreshed or None
        None when the ranking is of the present state already.

    Raises
    ------
    ScoringError
        No source can be ranked: the pool is empty, or the scorer does not take the target's task.
    """
    scorer = get_scorer(scorer or plan.workspace.settings.ranking.scorer).name
    not_taken = why_not_taken(scorer, target)
    if not_taken:
        raise ScoringError(
            f"target '{target.name}' cannot be ranked: {not_taken}",
            consequence="its rankings were left as they are",
            next_step="springboard scorers lists which tasks each scorer takes; choose one with --scorer",
        )
    pool = Pool(plan)
    ledger = RankingLedger(plan.workspace)
    state = pool.state(target, scorer)
    last = ledger.newest(target.name, scorer, plan.encoder)
    if last is not None and last["state"] == state and not force and ledger.has_file(last):
        return None
    if pool.why_empty:
        raise ScoringError(
            f"target '{target.name}' cannot be ranked: {pool.why_empty}",
            consequence="its ranking was left as it is",
            next_step="springboard source add REF, then springboard ingest",
        )
    make_embedding(plan, target, on_progress)
    ranking, scoring, ranked = _rank(plan, pool, target, scorer, on_progress)
    is_new = last is None or last["ranking_id"] != ranking["ranking_id"]
    changed = last is None or order_of(last) != order_id(ranking)
    mark_unrecorded(plan.workspace)
    scoring.store()
    write_ranking(plan.workspace.folder("rankings"), ranking)
    if is_new or last is None or last["state"] != state:
        ledger.append(ranking, state)
    stored = read_ranking(plan.workspace.folder("rankings"), ranking["ranking_id"])
    recalibrated = is_new and not changed
    return Refreshed(target.name, stored, changed, scoring.computed, scoring.rows(ranked), recalibrated)


def _rank(
    plan: Plan, pool: Pool, target: Entry, scorer: str, on_progress: OnProgress
) -> tuple[dict[str, Any], Scoring, list[Scored]]:
    leaks = leaks_of(plan, target, pool.members)
    allowed = {source for name, source in pool.allowed_overlaps if name == target.name}
    excluded = {name: reason for name, reason in leaks.items() if name not in allowed}
    scoring = Scoring(plan, target, scorer)
    base = scoring.base_score()
    members: list[Member] = [member for member in pool.members if member.entry.name not in excluded]
    ranked = scoring.score(members, on_progress)
    excluded |= scoring.failures | pool.left_out
    if not ranked and not excluded:
        raise ArtefactError(f"nothing could be scored for target '{target.name}'")
    settings = plan.workspace.settings
    ranking: dict[str, Any] = {
        "format": RANKING_FORMAT,
        "target": target.name,
        "target_version": target.version,
        "task": target.task.value,
        "target_rows": target.rows,
        "encoder": plan.encoder,
        "encoder_label": f"{settings.encoder.ref}, {settings.encoder.pooling}, {settings.encoder.max_length} tokens",
        "scorer": scorer,
        "settings": {
            **scorer_settings(plan, scorer),
            "jackknife_groups": settings.ranking.jackknife_groups,
            "jackknife_leading": settings.ranking.jackknife_leading,
            "seed": settings.ranking.seed,
        },
        "created_at": now_utc(),
        "code": code_version(),
        "pool_size": len(pool.members) + len(pool.left_out),
        "direction": get_scorer(scorer).direction,
        "no_stderr": scoring.no_stderr,
        "base_score": None if base is None else {"score": base.score, "stderr": base.stderr},
        "ranking": ordered_rows(ranked, higher_is_better=get_scorer(scorer).higher_is_better),
        "excluded": [{"source": name, "reason": excluded[name]} for name in sorted(excluded)],
    }
    _say_what_was_not_checked(ranking, set(unchecked(members)))
    if pool.calibration_key(scorer) is not None:
        pool.expecting.add_to(ranking, target)
    ranking["ranking_id"] = ranking_id(ranking)
    return ranking, scoring, ranked


def _say_what_was_not_checked(ranking: dict[str, Any], names: set[str]) -> None:
    """Mark the rows whose texts nobody could compare with the target's, and warn of them."""
    rows = [row for row in ranking["ranking"] if row["source"] in names]
    for row in rows:
        row["leak_check"] = "not possible"
    if rows:
        listed = ", ".join(sorted(row["source"] for row in rows))
        ranking["warnings"] = [
            f"Imported without their texts, so that no leak check was possible: {listed}. If one of them was made "
            "from this target's texts, its score is too good."
        ]
