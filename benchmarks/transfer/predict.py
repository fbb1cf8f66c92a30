"""``python -m benchmarks.transfer.predict``: what every scorer says of every pair, by the product's own commands.

A workspace in ``benchmarks/scratch/transfer`` ingests the matrix's sources with a seed that no transfer has, registers
the targets (their training rows; the leak check sees their test rows too) and refreshes all scorers; then again
with other ESMs and another setting of LogME. The scores go to ``ENCODER_predictions.csv``, or
``ENCODER_N_predictions.csv`` for N training rows of a target.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from benchmarks.texts import datasets_folder
from benchmarks.transfer.chosen import (
    FIRST_SOURCES,
    FIRST_TARGETS,
    SOURCE_ROWS,
    SOURCES,
    TARGETS,
    TRAINING_ROWS,
    source_settings,
    stem,
)
from benchmarks.transfer.costs import cost_of
from benchmarks.transfer.encoders import ENCODERS
from benchmarks.transfer.kept import SCRATCH
from benchmarks.transfer.predictions import SCHEMA, write_predictions
from benchmarks.transfer.rows import Rows, target_rows
from features.evaluation.goals import TUNED
from models.scorers import get_scorer

if TYPE_CHECKING:
    from features.workspace import Workspace

__all__ = ["main", "prepare"]

_RANKS = (1, 4, 8, 16, 32, 64, None)
_SEED = 0


def prepare(
    encoder: str,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    folder: Path,
    training: int = TRAINING_ROWS,
) -> Workspace:
    """Make the workspace, or go on with it: sources ingested, targets registered."""
    from features.artefacts.plan import Plan
    from features.intake import AddOptions, add_dataset
    from features.registry import Kind
    from features.workspace import Workspace, init_workspace
    from features.workspace.settings import EsmParams, RankingParams
    from flows.cli.ingest import run_ingest

    workspace = Workspace(folder) if (folder / "params.yaml").exists() else init_workspace(folder)
    tuning = source_settings(_SEED)
    settings: dict[str, dict[str, Any]] = {
        "encoder": {"ref": ENCODERS[encoder]},
        "caps": {"source_rows": SOURCE_ROWS, "target_rows": training},
        "tuning": {"epochs": tuning.epochs, "learning_rate": tuning.learning_rate, "seed": _SEED},
        # As the product has them: a run that was killed may have left a variant's.
        "esm": {"rank": EsmParams().rank},
        # Only scores are compared, and most of the time would go into their errors.
        "ranking": {"jackknife_leading": 0, "center": RankingParams().center},
        "run": {"keep_tuned_models": True, "push": False, "retries": 0},
    }
    workspace = _with(workspace, settings)
    for name in sources:
        if name not in Plan(workspace).registry.current(Kind.SOURCE):
            add_dataset(workspace, Kind.SOURCE, str(datasets_folder() / name), AddOptions(name=name))
            print(f"  source {name}", flush=True)
    for name in targets:
        # Each time: the workspace may know the target with another number of rows.
        place = _write_target(SCRATCH / stem(encoder, training) / "targets" / name, name, training)
        added = add_dataset(workspace, Kind.TARGET, str(place), AddOptions(name=name, replace=True))
        print(f"  target {name} {added.status}", flush=True)
    failed = run_ingest(Plan(workspace), list(sources))["failed"]
    if failed:
        print(f"  not ingested: {failed}", flush=True)
    return workspace


def _ready(folder: Path, sources: tuple[str, ...]) -> tuple[str, ...]:
    from features.artefacts.plan import Plan
    from features.registry import Kind
    from features.workspace import Workspace

    plan = Plan(Workspace(folder))
    known = plan.registry.current(Kind.SOURCE)
    return tuple(name for name in sources if name in known and plan.is_ready(known[name]))


def _write_target(folder: Path, name: str, training: int) -> Path:
    rows = target_rows(name, training)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for split, part in (("train", rows.training), ("test", rows.test)):
        _frame(part).write_parquet(folder / f"{split}.parquet")
    return folder


def _frame(rows: Rows) -> pl.DataFrame:
    if rows.text_b is None:
        return pl.DataFrame({"text": rows.text_a, "label": rows.labels})
    return pl.DataFrame({"text_a": rows.text_a, "text_b": rows.text_b, "label": rows.labels})


def _with(workspace: Workspace, settings: dict[str, dict[str, Any]]) -> Workspace:
    from features.workspace import Workspace

    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    for section, values in settings.items():
        params[section] |= values
    text = yaml.safe_dump(params, sort_keys=False, default_flow_style=None, width=110)
    workspace.params_file.write_text(text, encoding="utf-8")
    return Workspace(workspace.root)


@contextmanager
def _settings(workspace: Workspace, settings: dict[str, dict[str, Any]]) -> Iterator[Workspace]:
    """The workspace with other settings for a while."""
    before = workspace.params_file.read_text(encoding="utf-8")
    try:
        yield _with(workspace, settings)
    finally:
        workspace.params_file.write_text(before, encoding="utf-8")


def predict(workspace: Workspace, sources: tuple[str, ...], targets: tuple[str, ...]) -> pl.DataFrame:
    """Score every pair with every scorer, LogME also with other ESMs and centred: one row a score."""
    from features.artefacts.plan import Plan
    from flows.cli.ingest import run_ingest
    from flows.cli.refresh import run_refresh

    # What the really tuned encoders give is not among "all": it takes the kept models.
    for scorer in ("all", TUNED):
        run_refresh(Plan(workspace), list(targets), scorer, force=False)
    frames = [_scores(workspace, targets, scorer.name) for scorer in _used(workspace, targets)]
    frames.append(_base(workspace, targets, sources))
    for name, settings in _variants().items():
        with _settings(workspace, settings) as other:
            run_ingest(Plan(other), list(sources))
            run_refresh(Plan(other), list(targets), "logme", force=False)
            frames.append(_scores(other, targets, "logme").with_columns(scorer=pl.lit(name)))
    return pl.concat(frames).filter(pl.col("source").is_in(list(sources)))


def _variants() -> dict[str, dict[str, dict[str, Any]]]:
    """LogME with and without an intercept on ESMs of every rank: name -> settings."""
    return {
        f"logme_{'' if center else 'un'}centred@rank{rank or '_full'}": {
            "ranking": {"center": center},
            "esm": {"rank": rank},
        }
        for rank in _RANKS
        for center in (True, False)
    }


def _used(workspace: Workspace, targets: tuple[str, ...]) -> list[Any]:
    """The scorers with a ranking of any of the targets."""
    from features.registry.ledger import Ledger

    lines = Ledger(workspace.ledgers / "rankings.jsonl").read()
    return [
        get_scorer(name) for name in sorted({line["scorer"] for line in lines if line["target"] in targets})
    ]


def _scores(workspace: Workspace, targets: tuple[str, ...], scorer: str) -> pl.DataFrame:
    from features.artefacts.plan import Plan
    from features.rankings import shown_ranking

    plan = Plan(workspace)
    costs = {entry.name: cost_of(plan, entry, scorer) for entry in plan.pool() if plan.is_ready(entry)}
    rows = []
    for target in targets:
        shown = shown_ranking(workspace, target, scorer, plan.encoder)
        for row in shown["ranking"] if shown else []:
            name = row["source"]
            rows.append((scorer, name, target, row["score"], get_scorer(scorer).direction, *costs[name]))
        for one in shown["excluded"] if shown and scorer == "logme" else []:
            print(f"  {target}: {one['source']} is excluded ({one['reason'][:100]})", flush=True)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _base(workspace: Workspace, targets: tuple[str, ...], sources: tuple[str, ...]) -> pl.DataFrame:
    """LogME of the untouched encoder: one number a target, the same for every source."""
    from features.artefacts.plan import Plan
    from features.rankings import shown_ranking

    encoder = Plan(workspace).encoder
    found = {target: shown_ranking(workspace, target, "logme", encoder) for target in targets}
    rows = [
        ("logme_base", source, target, shown["base_score"]["score"], "higher", 0.0, 0)
        for target, shown in found.items()
        if shown and shown["base_score"]
        for source in sources
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def main(arguments: list[str] | None = None) -> None:
    """Write the predictions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.predict", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--sources", type=int, default=FIRST_SOURCES, help="how many, in the list's order")
    parser.add_argument("--targets", type=int, default=FIRST_TARGETS, help="how many, in the list's order")
    parser.add_argument("--rows", type=int, default=TRAINING_ROWS, help="training rows of a target")
    parser.add_argument(
        "--workspace",
        type=Path,
        help="where, for example the one in which a pool was made with --keep-models",
    )
    parser.add_argument(
        "--ready", action="store_true", help="only sources that the workspace has ready: a first look"
    )
    asked = parser.parse_args(arguments)
    sources, targets = SOURCES[: asked.sources], TARGETS[: asked.targets]
    of_matrix = stem(asked.encoder, asked.rows)
    folder = asked.workspace or SCRATCH / of_matrix / "workspace"
    if asked.ready:
        sources = _ready(folder, sources)
    workspace = prepare(asked.encoder, sources, targets, folder, asked.rows)
    frame = predict(workspace, sources, targets)
    write_predictions(of_matrix, frame)
    print(frame.group_by("scorer").len().sort("scorer"))


if __name__ == "__main__":
    main()
