"""ESMs and targets for attacks on the engine that scores many ESMs at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from models.errors import SpringboardError
from models.esm import ESM
from models.ranking.logme_maps import LogmeOfMaps
from models.scorers import logme
from models.tasks import Task

__all__ = ["assert_equal_to_the_definition", "attempt", "clustered", "esm_of", "mixed_esms", "random_esm"]

TOLERANCE = 1e-6
NAN = float("nan")


def esm_of(u: Any, v: Any, b: Any = None) -> ESM:
    """An ESM of given factors."""
    u, v = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
    bias = np.zeros(len(u)) if b is None else np.asarray(b, dtype=np.float64)
    return ESM(u, v, bias, u.shape[1], NAN, NAN, NAN, NAN)


def random_esm(rng: np.random.Generator, d: int, rank: int, size: float = 0.3, bias: float = 0.1) -> ESM:
    """An ESM that changes embeddings by about ``size`` of themselves, whatever its rank."""
    factor = np.sqrt(size) * (d * rank) ** -0.25
    return esm_of(
        factor * rng.normal(size=(d, rank)),
        factor * rng.normal(size=(d, rank)),
        bias * rng.normal(size=d),
    )


def mixed_esms(rng: np.random.Generator, d: int) -> list[ESM]:
    """All ranks from 1 to full, weak and strong, with and without a bias."""
    ranks = sorted({1, 2, 3, max(d // 8, 1), max(d // 2, 1), d})
    return [
        random_esm(rng, d, rank, size, bias)
        for rank in ranks
        for size, bias in ((0.05, 0.0), (0.3, 0.1), (1.0, 3.0), (5.0, 0.0))
    ]


def clustered(
    rng: np.random.Generator, n: int, d: int, classes: int = 3, signal: float = 1.0, mean: float = 0.5
) -> tuple[Any, Any]:
    """Features [n, d] around a centre a class, and the classes."""
    ids = rng.permutation(np.arange(n) % classes)
    return rng.normal(size=(n, d)) + signal * rng.normal(size=(classes, d))[ids] + mean, ids


def attempt(compute: Callable[[], Any]) -> Any:
    """What it gives, or the refusal."""
    try:
        return compute()
    except SpringboardError as refusal:
        return refusal


def assert_equal_to_the_definition(
    x: Any,
    labels: Any,
    esms: list[ESM],
    task: Task = Task.CLASSIFICATION,
    *,
    device: str = "cpu",
    centers: tuple[bool, ...] = (False, True),
) -> None:
    """The engine's score of every ESM is LogME of the mapped embeddings, refusals included."""
    for center in centers:
        got = LogmeOfMaps(x, labels, task, center=center, device=device).scores(esms)
        assert len(got) == len(esms)
        for place, (esm, score) in enumerate(zip(esms, got, strict=True)):
            where = f"ESM {place} of rank {esm.rank}, center={center}"
            mapped = esm.apply(np.asarray(x, dtype=np.float64))
            expected = attempt(partial(logme, mapped, labels, task, center=center))
            if not isinstance(expected, float) or not isinstance(score, float):
                assert type(score) is type(expected), f"{where}: {score}, and not {expected}"
                continue
            assert abs(score - expected) <= TOLERANCE * max(1.0, abs(expected)), (where, score, expected)
