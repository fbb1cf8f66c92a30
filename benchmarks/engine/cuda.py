"""The same scores on a GPU, where there is one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.engine import ours
from benchmarks.engine.inputs import Target, make_esms, real_embeddings
from benchmarks.outcome import Goal
from models.esm import ESM
from models.ranking import LogmeOfMaps

__all__ = ["beside_cpu"]

RANKS, COUNT, ROUNDS = (8, 16, 32), 512, 5


def beside_cpu() -> tuple[list[Goal], str]:
    """Wall seconds of a batch on the processor over those on the GPU; and a line that says what was done or why not."""
    import torch

    if not torch.cuda.is_available():
        return [], f"CUDA: skipped, torch {torch.__version__} finds no GPU here."
    target = Target.of(real_embeddings(1_000), 20)
    goals = [_goal(target, rank) for rank in RANKS]
    name = torch.cuda.get_device_name()
    return goals, f"CUDA: {name}, {COUNT} ESMs, 20 classes, wall seconds, medians of {ROUNDS} rounds in turn."


def _goal(target: Target, rank: int) -> Goal:
    esms = make_esms(target.base, rank, COUNT)
    engines = {where: _engine(target, where) for where in ("cpu", "cuda")}
    scores = {where: engine.scores(esms) for where, engine in engines.items()}
    ours.check(target, esms[:3], scores["cuda"][:3])
    ratios = []
    for _ in range(ROUNDS):
        took = {where: _wall(engine, esms) for where, engine in engines.items()}
        ratios.append(took["cpu"] / took["cuda"])
    return Goal(f"wall time an ESM, processor / GPU: rank {rank}, d = 384", statistics.median(ratios))


def _engine(target: Target, device: str) -> Any:
    return LogmeOfMaps(target.base, target.labels, target.task, device=device)


def _wall(engine: Any, esms: Sequence[ESM]) -> float:
    # Scores come back as Python's numbers, so that the GPU has finished when they are there.
    started = time.perf_counter()
    engine.scores(esms)
    return time.perf_counter() - started
