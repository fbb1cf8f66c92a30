"""What a workspace holds, as plain records: one place for the list commands, ``status`` and the report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from features.alerts.outbox import Outbox
from features.artefacts.failures import reasons
from features.exchange import Imports
from features.inbox.listing import inbox_summary
from features.pools.restoring import is_whole
from features.quarantine.listing import held_records
from features.rankings.history import RankingLedger, shown_ranking
from features.rankings.pins import pins_in_force
from features.rankings.pool import Pool
from features.rankings.staleness import Freshness, freshness
from features.registry.entries import Kind
from features.registry.promises import promises_of
from features.runs import last_of_flows, running

if TYPE_CHECKING:
    from features.artefacts.plan import Plan

__all__ = [
    "other_scorers",
    "quarantine_records",
    "ranking_records",
    "shown_rankings",
    "source_records",
    "status_record",
    "target_records",
]


def source_records(plan: Plan) -> list[dict[str, Any]]:
    """One record per registered source, per source of a ready-made pool and per imported ESM.

    Keys: ``name``, ``version``, ``task``, ``rows``, ``status``, ``reason``, ``same_rows_as``, ``licence``,
    ``reference``, ``added_at``, ``pool``. ``status`` is "ready" or "pending", then with the reason of the last failure;
    of a pooled source "excluded" where it is of another encoder; of an imported ESM, of which task and rows are not
    known, "imported" or "excluded".
    """
    failed = reasons(plan.workspace)
    twins = plan.registry.pool()
    records = []
    for entry in plan.registry.current(Kind.SOURCE).values():
        first = twins[(entry.version, entry.tuned_model_id)]
        ready = plan.is_ready(entry)
        records.append(
            {
                "name": entry.name,
                "version": entry.version,
                "task": entry.task.value,
                "rows": entry.rows,
                "status": "ready" if ready else "pending",
                "reason": "" if ready else failed.get(first.name, ""),
                "same_rows_as": None if first.name == entry.name else first.name,
                "licence": entry.licence,
                "reference": entry.reference,
                "added_at": entry.at,
                "pool": None,
            }
        )
    return records + _pooled_records(plan) + _import_records(plan)


def _pooled_records(plan: Plan) -> list[dict[str, Any]]:
    pooled = plan.registry.pooled().values()
    if not pooled:
        return []
    left_out = Pool(plan).left_out
    firsts = {entry.version: entry.name for entry in plan.pool() if entry.tuned_model_id is None}
    own = set(plan.registry.current(Kind.SOURCE))
    records = []
    for one in pooled:
        first = firsts.setdefault(one.version, one.name)
        if one.name in own:
            continue  # The same name for the same rows: one source, and listed.
        whole = is_whole(plan, one)
        reason = left_out.get(one.name, "") or ("" if whole else "its files are missing (dvc pull)")
        records.append(
            {
                "name": one.name,
                "version": one.version,
                "task": one.task.value,
                "rows": one.rows,
                "status": "excluded" if one.name in left_out else "ready" if whole else "pending",
                "reason": reason,
                "same_rows_as": None if first == one.name else first,
                "licence": one.licence,
                "reference": one.reference,
                "added_at": one.at,
                "pool": one.pool,
            }
        )
    return list({record["name"]: record for record in reversed(records)}.values())[::-1]


def _import_records(plan: Plan) -> list[dict[str, Any]]:
    imports = Imports(plan.workspace)
    firsts = {one.esm: one.name for one in imports.pool()}
    left_out = Pool(plan).left_out
    return [
        {
            "name": one.name,
            "version": one.esm,
            "task": "not known",
            "rows": None,
            "status": "excluded" if firsts[one.esm] in left_out else "imported",
            "reason": left_out.get(firsts[one.esm], ""),
            "same_rows_as": None if firsts[one.esm] == one.name else firsts[one.esm],
            "licence": None,
            "reference": one.reference,
            "added_at": one.at,
            "pool": None,
        }
        for one in imports.current().values()
    ]


def target_records(plan: Plan) -> list[dict[str, Any]]:
    """One record per registered target, with how fresh its ranking by the default scorer is.

    ``status`` is "fresh", "stale", or "not scored" where the default scorer does not take the target's task;
    ``pinned`` the release whose ranking is shown whatever is computed, or None. ``fresh_within`` is the promised age as
    typed, or None, ``fresh_within_seconds`` the same in seconds, and ``broken`` whether it is staler than that.
    """
    now = datetime.now(UTC)
    pins = pins_in_force(plan.workspace)
    promises = promises_of(plan.registry)
    fresh = {one.target: one for one in freshness(plan)}
    records = []
    for entry in plan.registry.current(Kind.TARGET).values():
        one, promise = fresh[entry.name], promises.get(entry.name)
        records.append(
            {
                "name": entry.name,
                "version": entry.version,
                "task": entry.task.value,
                "rows": entry.rows,
                "status": _status(one),
                "reason": "" if one.reason == "fresh" else one.reason,
                "pinned": pins[entry.name].release if entry.name in pins else None,
                "stale_since": one.stale_since,
                "stale_seconds": round(one.staleness(now), 1),
                "fresh_within": promise.text if promise else None,
                "fresh_within_seconds": promise.seconds if promise else None,
                "broken": promise is not None and one.is_stale and one.staleness(now) >= promise.seconds,
                "ranked_at": one.ranked_at,
                "ranking_id": one.ranking_id,
                "reference": entry.reference,
                "added_at": entry.at,
            }
        )
    return records


def _status(one: Freshness) -> str:
    if not one.applies:
        return "not scored"
    return "stale" if one.is_stale else "fresh"


def ranking_records(plan: Plan) -> list[dict[str, Any]]:
    """One record per line of the ranking ledger, newest first."""
    lines = RankingLedger(plan.workspace).lines()
    names = ("target", "scorer", "encoder", "ranking_id", "at")
    return [{name: line[name] for name in names} for line in reversed(lines)]


def quarantine_records(plan: Plan) -> list[dict[str, Any]]:
    """What waits in quarantine: refused datasets first, then refused ESMs and the refused rows of accepted datasets."""
    return held_records(plan.workspace)


def shown_rankings(plan: Plan) -> list[dict[str, Any]]:
    """The newest ranking of every target by the default scorer, as ``rank --json`` prints it."""
    scorer = plan.workspace.settings.ranking.scorer
    found = (
        shown_ranking(plan.workspace, name, scorer, plan.encoder)
        for name in plan.registry.current(Kind.TARGET)
    )
    return [ranking for ranking in found if ranking is not None]


def other_scorers(plan: Plan) -> dict[str, list[str]]:
    """Target -> the scorers but the default one by which there is a ranking with the encoder in force."""
    found: dict[str, set[str]] = {}
    for line in RankingLedger(plan.workspace).lines(encoder=plan.encoder):
        if line["scorer"] != plan.workspace.settings.ranking.scorer:
            found.setdefault(line["target"], set()).add(line["scorer"])
    return {target: sorted(scorers) for target, scorers in found.items()}


def _is_late(target: dict[str, Any], limit: float) -> bool:
    if target["fresh_within"] is not None:
        return bool(target["broken"])
    return bool(target["status"] == "stale" and target["stale_seconds"] >= limit)


def status_record(plan: Plan, max_age_seconds: float | None = None) -> dict[str, Any]:
    """The workspace at a glance.

    Returns
    -------
    dict
        ``workspace``, ``encoder``, ``sources`` (counts and the pending ones with reasons), ``targets`` (records),
        ``quarantine`` (counts), ``inbox`` (of :func:`inbox_summary`), ``late`` (targets that are staler than promised,
        or, without a promise, than ``max_age_seconds``, 0 when not given), ``flows`` (when each last ran and succeeded,
        and what is failing in it), ``hanging`` (runs), ``alerts`` (:meth:`features.alerts.outbox.Outbox.summary`), and
        ``ok``: whether nothing is late and nothing hangs.
    """
    sources = source_records(plan)
    targets = target_records(plan)
    limit = max_age_seconds or 0.0
    late = [t["name"] for t in targets if _is_late(t, limit)]
    hanging = [
        {"flow": one.flow, "run": one.run, "since": one.started_at, "host": one.host}
        for one in running(plan.workspace)
        if one.hangs
    ]
    settings = plan.workspace.settings.encoder
    return {
        "workspace": str(plan.workspace.root),
        "encoder": plan.encoder,
        "encoder_label": f"{settings.ref}, {settings.pooling}, {settings.max_length} tokens",
        "sources": {
            "registered": len(sources),
            "ready": sum(s["status"] in ("ready", "imported") for s in sources),
            "pending": [
                {"name": s["name"], "reason": s["reason"]} for s in sources if s["status"] == "pending"
            ],
        },
        "targets": targets,
        "quarantine": len(quarantine_records(plan)),
        "inbox": inbox_summary(plan.workspace),
        "flows": {name: asdict(one) for name, one in last_of_flows(plan.workspace).items()},
        "hanging": hanging,
        "alerts": Outbox(plan.workspace).summary(),
        "late": late,
        "ok": not late and not hanging,
    }
