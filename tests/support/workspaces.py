"""Workspaces with a tiny encoder and datasets of a few dozen rows, made by the same functions as real ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from support.tiny_encoder import WORDS

from features.artefacts.embeddings import make_embedding
from features.artefacts.esms import make_esm
from features.artefacts.moments import make_moments
from features.artefacts.plan import Plan
from features.intake import Added, AddOptions, add_dataset
from features.rankings import Refreshed, refresh_target
from features.registry import Kind
from features.workspace import Workspace, init_workspace

__all__ = [
    "Team",
    "add",
    "change_params",
    "edit_params",
    "ingest",
    "refresh",
    "rows_of",
    "tiny_workspace",
    "write_rows",
]


@dataclass(frozen=True)
class Team:
    """A workspace with sources ``s1`` to ``s3`` ingested and the targets ``t1`` (ranked) and ``t2`` (not)."""

    workspace: Workspace
    files: Path


def rows_of(seed: int, n: int = 40, *, noise: float = 0.0) -> pl.DataFrame:
    """Labelled texts of the tiny encoder's words; another seed shares no text.

    ``noise`` is the share of wrong labels.
    """
    rng = random.Random(seed)  # noqa: S311 - made-up data
    texts, labels = [], []
    for number in range(n):
        label = ("neg", "pos")[number % 2]
        mood = ["bad", "awful"] if label == "neg" else ["good", "fine"]
        words = rng.choices(WORDS, k=8) + rng.choices(mood, k=3)
        rng.shuffle(words)
        # Letters are in the tiny vocabulary: a serial number in letters keeps texts of two seeds apart.
        serial = "".join(chr(ord("a") + int(digit)) for digit in f"{seed:03d}{number:04d}")
        texts.append(" ".join([serial, *words]))
        labels.append(label if rng.random() >= noise else ("pos" if label == "neg" else "neg"))
    return pl.DataFrame({"text": texts, "label": labels})


def write_rows(path: Path, seed: int, n: int = 40, **options: Any) -> Path:
    """Write :func:`rows_of` as the file's name says (csv, parquet or jsonl)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = rows_of(seed, n, **options)
    if path.suffix == ".parquet":
        rows.write_parquet(path)
    elif path.suffix == ".jsonl":
        rows.write_ndjson(path)
    else:
        rows.write_csv(path)
    return path


def change_params(workspace: Workspace, **sections: Mapping[str, Any]) -> Workspace:
    """Set values in params.yaml; a workspace object reads its settings once, so a new one comes back."""
    edit_params(workspace.root, sections)
    return Workspace(workspace.root)


def edit_params(root: Path, sections: Mapping[str, Mapping[str, Any]]) -> None:
    path = root / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    for section, values in sections.items():
        params[section] |= values
    path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def tiny_workspace(root: Path, encoder: Path, **sections: Mapping[str, Any]) -> Workspace:
    """A new workspace whose every step takes a fraction of a second."""
    workspace = init_workspace(root)
    quick: dict[str, Mapping[str, Any]] = {
        "encoder": {"ref": str(encoder), "max_length": 32},
        "tuning": {"max_steps": 3, "batch_size": 8},
        "esm": {"rank": 4, "folds": 2},
        "ranking": {"jackknife_groups": 4},
        "store": {"sample_rows": 10},
        "run": {"lock_timeout_seconds": 60.0},
    }
    return change_params(workspace, **{**quick, **sections})


def add(workspace: Workspace, kind: Kind, reference: Path | str, **options: Any) -> Added:
    return add_dataset(workspace, kind, str(reference), AddOptions(**options))


def ingest(workspace: Workspace) -> Plan:
    """Make what every source lacks, without Prefect; gives a plan of the state after."""
    plan = Plan(workspace)
    for source in plan.pool():
        make_embedding(plan, source)
        make_moments(plan, source)
        make_esm(plan, source)
    return Plan(workspace)


def refresh(
    workspace: Workspace, target: str, scorer: str | None = None, *, force: bool = False
) -> Refreshed | None:
    plan = Plan(workspace)
    return refresh_target(plan, plan.registry.get(Kind.TARGET, target), scorer, force=force)
