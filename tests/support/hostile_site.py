"""Sites to look at: one whose every name is hostile, and one as a team would have it (its numbers are made up)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from features.reports import Contents, write_report
from features.reports.leading import history_of
from features.reports.positions import Place, PoolMap, projected
from features.reports.profiles import EMPTY

__all__ = ["HOSTILE", "NOW", "write_hostile_site", "write_team_site"]

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>*{display:none}",
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "../../etc/passwd",
    "\u202eevil\u2066name",
    "العربية",
    "a\x00b\x1b[31mc\ud800",
    "javascript:alert(1)",
    "x" * 300,
    "",
    "CON",
]
_QUALITY = {"rows": 9, "refused": 1, "findings": [{"severity": "warning", "message": "<b>few</b>"}]}


def write_hostile_site(out: Path, make_ranking: Callable[..., dict[str, Any]], data_docs: Path) -> None:
    """A site with every hostile name as target, source, reason, rule, status, licence and column."""
    lines = [{"at": NOW.isoformat(), "ranking_id": n, "order_id": n} for n in HOSTILE[:3]]
    contents = Contents(
        rankings=[make_ranking([*HOSTILE[:4], "plain"], target=name, warnings=[name]) for name in HOSTILE],
        targets=[{"name": n, "status": n, "reason": n, "rows": 7, "task": n} for n in [*HOSTILE, "unranked"]],
        sources=[
            {"name": n, "task": "regression", "rows": 7, "status": n, "reason": n, "licence": n}
            for n in HOSTILE
        ],
        quarantine=[
            {"name": n, "role": "source", "reason": n, "rule": "not_empty", "rows": 3} for n in HOSTILE
        ],
        previous=lambda ranking: make_ranking([*HOSTILE[2:5], "gone"], target=ranking["target"]),
        histories={n: kept for n in HOSTILE if (kept := history_of(lines, lambda name: [name, "plain"]))},
        drifts={name: [f"New class: {name} (3 rows)."] for name in HOSTILE},
        profiles={
            n: {**EMPTY, "profile": [[n, n]], "quality": {**_QUALITY, "by_rule": [[n, 1]]}} for n in HOSTILE
        },
        maps=[PoolMap("esm", tuple(Place(n, 0.1 * i, -0.1 * i, (n,)) for i, n in enumerate(HOSTILE)), 0.5)],
        data_docs=data_docs,
    )
    write_report(out, contents, now=NOW)


_SOURCES = (
    ("mnli", "pair_classification", "OANC"),
    ("qqp", "pair_classification", "Quora terms"),
    ("go-emotions", "classification", "Apache-2.0"),
    ("amazon-reviews", "classification", "CC-BY-4.0"),
    ("app-store-stars", "regression", "CC0-1.0"),
    ("banking77", "classification", "CC-BY-4.0"),
    ("clinc150", "classification", "CC-BY-3.0"),
    ("sts-benchmark", "pair_regression", "CC-BY-SA-4.0"),
    ("toxic-comments", "classification", "CC0-1.0"),
    ("headlines", "classification", "MIT"),
)
_TARGETS = (("support-mails", 240), ("returns-reasons", 120), ("chat-intents", 610))


def write_team_site(out: Path) -> None:
    """A site as a team would have it: 10 sources, 3 targets, two rankings of each. All numbers are made up."""
    old = {name: _ranking(name, rows, seed, 8) for seed, (name, rows) in enumerate(_TARGETS)}
    new = {name: _ranking(name, rows, seed, 10) for seed, (name, rows) in enumerate(_TARGETS)}
    files = {ranking["ranking_id"]: ranking for ranking in [*old.values(), *new.values()]}
    shown = []
    for name, ranking in new.items():
        ranks = {row["source"]: row["rank"] for row in old[name]["ranking"]}
        rows = [{**row, "previous_rank": ranks.get(row["source"])} for row in ranking["ranking"]]
        shown.append({**ranking, "ranking": rows, "previous_ranking_id": old[name]["ranking_id"]})
    contents = Contents(
        rankings=shown,
        targets=[
            {
                "name": name,
                "task": "classification",
                "rows": rows,
                "status": "stale" if name == "returns-reasons" else "fresh",
                "reason": "source 'headlines' is new or changed" if name == "returns-reasons" else "",
                "stale_since": "2026-11-22T20:10:00+00:00" if name == "returns-reasons" else None,
            }
            for name, rows in _TARGETS
        ],
        sources=[
            {"name": name, "task": task, "rows": 10_000, "licence": licence, "status": "ranked"}
            for name, task, licence in _SOURCES
        ],
        previous=lambda ranking: files.get(ranking["previous_ranking_id"]),
        histories={name: kept for name in new if (kept := _history(old[name], new[name]))},
        maps=[_map("esm", 1), _map("centroid", 2)],
    )
    write_report(out, contents, now=NOW)


def _ranking(target: str, target_rows: int, seed: int, pool: int) -> dict[str, Any]:
    drawn = np.random.default_rng(seed)
    scores = sorted(zip(0.52 + 0.2 * drawn.random(10), [name for name, *_ in _SOURCES], strict=True))[::-1]
    kept = [(score, name) for score, name in scores if name in {one[0] for one in _SOURCES[:pool]}]
    best = kept[0][0]
    rows = [
        {
            "rank": rank,
            "source": name,
            "source_version": f"{sum(map(ord, name)):012x}",
            "score": round(float(score), 4),
            "stderr": 0.012,
            "tier": 1 if best - score < 0.03 else 2 if best - score < 0.1 else 3,
        }
        for rank, (score, name) in enumerate(kept, 1)
    ]
    return {
        "target": target,
        "target_version": f"{seed:012x}",
        "target_rows": target_rows,
        "task": "classification",
        "encoder": "7f3d9c21aa04",
        "encoder_label": "all-MiniLM-L6-v2, mean, 128 tokens",
        "scorer": "logme",
        "ranking_id": f"{target}-{pool}",
        "created_at": (NOW - timedelta(hours=30 - 2 * pool)).isoformat(),
        "pool_size": pool,
        "ranking": rows,
        "excluded": [],
        "base_score": {"score": 0.58, "stderr": 0.012},
    }


def _history(old: dict[str, Any], new: dict[str, Any]) -> Any:
    tiers = {
        one["ranking_id"]: [row["source"] for row in one["ranking"] if row["tier"] == 1] for one in (old, new)
    }
    lines = [
        {"at": one["created_at"], "ranking_id": one["ranking_id"], "order_id": one["ranking_id"]}
        for one in (old, new)
    ]
    return history_of(lines, tiers.__getitem__)


def _map(kind: str, seed: int) -> PoolMap:
    drawn = np.random.default_rng(seed).standard_normal((len(_SOURCES), 6)).astype(np.float32)
    found = projected({name: row for (name, *_), row in zip(_SOURCES, drawn, strict=True)})
    return PoolMap(
        kind, tuple(Place(n, x, y, tuple(near)) for n, x, y, near in found["places"]), found["share"]
    )
