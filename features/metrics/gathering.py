"""Gathering the numbers: from the same records that people see, and from the cards of artefacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from features.alerts.outbox import Outbox
from features.alerts.tiers import is_news
from features.artefacts.code import code_version
from features.artefacts.files import read_arrays_card
from features.metrics.family import Family, of, timestamp
from features.quarantine.listing import ALL_ROWS
from features.rankings.history import RankingLedger, order_of
from features.rankings.ranking import read_ranking
from features.reports.records import quarantine_records, source_records, target_records
from features.reports.remembered import Remembered
from features.runs import last_of_flows, running
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.workspace.layout import Workspace

__all__ = ["gather"]


def gather(plan: Plan) -> list[Family]:
    """Every metric of a workspace, as it is now."""
    remembered = Remembered(plan.workspace.private / "metrics.json")
    info = Family("build_info", "Always 1; the label says which Springboard this is.", ("version",))
    info.add(1, code_version())
    families = [
        info,
        *_targets(plan),
        *_tiers(plan, remembered),
        *_sources(plan, remembered),
        *_quarantine(plan),
        *_flows(plan.workspace),
        *_alerts(plan.workspace),
    ]
    remembered.save()
    return families


def _targets(plan: Plan) -> list[Family]:
    label = ("target",)
    lag = Family(
        "target_stale_seconds",
        "For how long the target's ranking is stale; 0 while it is fresh.",
        label,
    )
    since = Family("target_stale_since_timestamp_seconds", "When the target's ranking became stale.", label)
    promised = Family(
        "target_promised_seconds", "Within how long of going stale it is to be refreshed.", label
    )
    broken = Family("target_promise_broken", "1 where the target is staler than promised.", label)
    ranked = Family("target_ranked_timestamp_seconds", "When the target's ranking in force was made.", label)
    count = Family("targets", "Registered targets.", ("status",))
    records = target_records(plan)
    for record in records:
        name = record["name"]
        ranked.add(timestamp(record["ranked_at"]), name)
        if record["status"] == "not scored":
            continue
        lag.add(record["stale_seconds"], name)
        since.add(timestamp(record["stale_since"]), name)
        promised.add(record["fresh_within_seconds"], name)
        if record["fresh_within_seconds"] is not None:
            broken.add(record["broken"], name)
    found = Counter(record["status"] for record in records)
    for status in ("fresh", "stale", "not scored"):
        count.add(found[status], status)
    return [lag, since, promised, broken, ranked, count]


def _tiers(plan: Plan, remembered: Remembered) -> list[Family]:
    moved = Family(
        "leading_tier_changes",
        "Rankings by the default scorer whose leading tier changed by more than noise.",
        ("target",),
        "counter",
    )
    size = Family("leading_tier_sources", "Sources in the leading tier of the newest ranking.", ("target",))
    scorer, folder = plan.workspace.settings.ranking.scorer, plan.workspace.folder("rankings")
    lines: dict[str, list[dict[str, str]]] = {}
    for line in RankingLedger(plan.workspace).lines(scorer=scorer, encoder=plan.encoder):
        lines.setdefault(line["target"], []).append(line)

    for target, every in lines.items():
        orders = [old_new for old_new in pairwise(every) if order_of(old_new[0]) != order_of(old_new[1])]
        moved.add(sum(_is_news(remembered, folder, old, new) for old, new in orders), target)
        with suppress(ArtefactError):  # A file that is lost is told of where it is needed.
            newest = every[-1]["ranking_id"]
            size.add(remembered.get(f"leading {newest}", partial(_leading, folder, newest)), target)
    return [moved, size]


def _is_news(remembered: Remembered, folder: Path, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    a, b = old["ranking_id"], new["ranking_id"]

    def compare() -> bool:
        return is_news(read_ranking(folder, a), read_ranking(folder, b))

    try:
        return remembered.get(f"news {a} {b}", compare)
    except ArtefactError:
        return False  # As above.


def _leading(folder: Path, ranking: str) -> int:
    rows = read_ranking(folder, ranking)["ranking"]
    return sum(row["tier"] == rows[0]["tier"] for row in rows)


def _sources(plan: Plan, remembered: Remembered) -> list[Family]:
    count = Family(
        "sources", "Sources by status; failed ones are pending, and their last ingest failed.", ("status",)
    )
    records = source_records(plan)
    found = Counter(
        "failed" if one["status"] == "pending" and one["reason"] else one["status"] for one in records
    )
    for status in ("ready", "pending", "failed", "excluded", "imported"):
        count.add(found[status], status)
    labels = ("source", "step")
    seconds = Family("source_seconds", "Seconds that a step of making the source took.", labels)
    size = Family("source_bytes", "Bytes of the file that a step of making the source left.", labels)
    for source in plan.pool():
        keys = plan.source_keys(source)
        for kind, key in (("embeddings", keys.embedding), ("moments", keys.moments), ("esms", keys.esm)):
            path = plan.path(kind, key)
            with suppress(ArtefactError, OSError):  # What is not there yet has no numbers.
                taken = remembered.get(f"{kind} {key}", partial(_seconds, path))
                size.add(path.stat().st_size, source.name, kind)
                seconds.add(taken, source.name, kind)
    return [count, seconds, size]


def _seconds(path: Path) -> float | None:
    return of(read_arrays_card(path).facts, "seconds")


def _quarantine(plan: Plan) -> list[Family]:
    datasets = Family("quarantine_datasets", "Refused datasets that wait for a decision.", ("role",))
    rows = Family("quarantine_rows", "Refused rows that wait for a decision.", ("role",))
    records = quarantine_records(plan)
    for role in ("source", "target"):
        mine = [one for one in records if one.get("role") == role]
        datasets.add(len({one["name"] for one in mine if one["what"] in ("dataset", ALL_ROWS, "file")}), role)
        rows.add(sum(int(one["rows"] or 0) for one in mine if one["what"] in ("rows", ALL_ROWS)), role)
    return [datasets, rows]


def _flows(workspace: Workspace) -> list[Family]:
    label = ("flow",)
    success = Family("flow_last_success_timestamp_seconds", "When a run of the flow last succeeded.", label)
    start = Family("flow_last_start_timestamp_seconds", "When a run of the flow last began.", label)
    seconds = Family("flow_last_run_seconds", "How long the last run of the flow took.", label)
    failing = Family("flow_failing", "What is failing in the flow: itself, sources or targets.", label)
    going = Family("flow_running", "Runs of the flow that go on.", label)
    hanging = Family("flow_hanging", "Runs of the flow that go on for longer than their time-out.", label)
    for flow, state in last_of_flows(workspace).items():
        success.add(timestamp(state.succeeded_at), flow)
        start.add(timestamp(state.started_at), flow)
        seconds.add(state.seconds, flow)
        failing.add(len(state.failing), flow)
        alive = [one for one in running(workspace) if one.flow == flow and one.alive]
        going.add(len(alive), flow)
        hanging.add(sum(one.hangs for one in alive), flow)
    return [success, start, seconds, failing, going, hanging]


def _alerts(workspace: Workspace) -> list[Family]:
    waiting = Family("alerts_waiting", "Alerts that a channel did not take yet.")
    given_up = Family("alerts_given_up", "Alerts of the last 7 days that nobody tries to send any more.")
    raised = Family("alerts_raised", "Alerts that were raised on this machine.", ("kind",), "counter")
    outbox = Outbox(workspace)
    summary = outbox.summary()
    waiting.add(summary["waiting"])
    given_up.add(summary["given_up"])
    for kind, count in Counter(str(one.alert["kind"]) for one in outbox.standings()).items():
        raised.add(count, kind)
    return [waiting, given_up, raised]
