"""Releases made by hand: a target, its rankings and a dvc.lock as DVC writes it, without tuning anything."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from features.artefacts.plan import Plan
from features.rankings.history import RankingLedger
from features.rankings.pool import Pool
from features.rankings.ranking import RANKING_FORMAT, ranking_id, write_ranking
from features.record.git import commit_paths
from features.record.recorder import RECORDED_PATHS
from features.registry import Entry, Kind, now_utc
from features.workspace import Workspace
from models.tasks import Task

__all__ = ["Story", "hand_ranking", "rank_by_hand", "register_target", "seal"]


@dataclass(frozen=True)
class Story:
    """Two releases of the target ``t1``: ``first`` and ``second`` are commits, ``old`` and ``new`` ranking ids."""

    workspace: Workspace
    first: str
    second: str
    old: str
    new: str


def register_target(workspace: Workspace, name: str, version: str = "v1") -> Entry:
    """A target of which there is the registration and nothing else."""
    entry = Entry(Kind.TARGET, name, version, Task.CLASSIFICATION, f"./{name}.csv", 40, "sketch", 1000, 0)
    return Plan(workspace).registry.register(entry)


def hand_ranking(plan: Plan, target: str, order: list[str], **changes: Any) -> dict[str, Any]:
    """A whole ranking in which the sources have the given order; the first two share a tier."""
    entry = plan.registry.get(Kind.TARGET, target)
    rows = [
        {
            "rank": rank,
            "source": source,
            "source_version": f"version of {source}",
            "score": 1.0 - rank / 10,
            "stderr": 0.01,
            "tier": 1 if rank <= 2 else 2,
        }
        for rank, source in enumerate(order, start=1)
    ]
    ranking: dict[str, Any] = {
        "format": RANKING_FORMAT,
        "target": target,
        "target_version": entry.version,
        "task": "classification",
        "target_rows": 40,
        "encoder": plan.encoder,
        "encoder_label": "tiny",
        "scorer": "logme",
        "settings": {"center": False},
        "created_at": now_utc(),
        "code": "0.1.0",
        "pool_size": len(order),
        "direction": "higher",
        "no_stderr": None,
        "base_score": {"score": 0.1, "stderr": 0.01},
        "ranking": rows,
        "excluded": [],
        **changes,
    }
    return {**ranking, "ranking_id": ranking_id(ranking)}


def rank_by_hand(workspace: Workspace, target: str, order: list[str], **changes: Any) -> dict[str, Any]:
    """Write such a ranking, and note that it is the newest and of the present state."""
    plan = Plan(workspace)
    ranking = hand_ranking(plan, target, order, **changes)
    write_ranking(workspace.folder("rankings"), ranking)
    state = Pool(plan).state(plan.registry.get(Kind.TARGET, target), "logme")
    RankingLedger(workspace).append(ranking, state)
    return ranking


def seal(workspace: Workspace, message: str) -> str:
    """Put data/ into DVC's cache, write dvc.lock as DVC does, and commit: a release, without running DVC."""
    workspace.make_folders()
    stages = yaml.safe_load((workspace.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    lock: dict[str, Any] = {"schema": "2.0", "stages": {}}
    for name, stage in stages.items():
        folders = [next(iter(out)) for out in stage["outs"]]
        outs = [_cached_folder(workspace.root, folder) for folder in folders]
        lock["stages"][name] = {"cmd": stage["cmd"], "outs": outs}
    (workspace.root / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False), encoding="utf-8")
    commit = commit_paths(
        workspace.root, [path for path in RECORDED_PATHS if (workspace.root / path).exists()], message
    )
    assert commit is not None
    (workspace.private / "unrecorded").unlink(missing_ok=True)
    return commit


def _cached_folder(root: Path, folder: str) -> dict[str, Any]:
    files = sorted(path for path in (root / folder).iterdir() if not path.name.startswith("."))
    listing = [{"md5": _cached(root, path.read_bytes()), "relpath": path.name} for path in files]
    oid = _cached(root, json.dumps(listing, sort_keys=True).encode(), ".dir")
    size = sum(path.stat().st_size for path in files)
    return {"path": folder, "hash": "md5", "md5": oid, "size": size, "nfiles": len(files)}


def _cached(root: Path, content: bytes, suffix: str = "") -> str:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    path = root / ".dvc" / "cache" / "files" / "md5" / md5[:2] / f"{md5[2:]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5 + suffix
