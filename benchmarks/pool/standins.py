"""In place of the neural network: arrays of the right shapes at once, so that everything else is measured.

The seam is as narrow as it can be: the loaded encoder (``encoder_of``), the call that fine-tunes it
(``models.tuning.tune``) and what is kept of the tuned weights (``models.tuning.traces.trace``). Reading, gate, cards,
checks of arrays, moments, the fit of the ESM, files, LanceDB, DVC, git and Prefect are the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.tuning import Head, TunedEncoder
from models.tuning.traces import Traces
from models.tuning.update import Update

__all__ = ["DIM", "StandInEncoder", "install", "made_up_traces"]

DIM = 384


class StandInEncoder:
    """Embeds n texts as n made-up rows; the same n gives the same rows."""

    dim = DIM

    def __init__(self, identity: str, shift: float = 0.0) -> None:
        self.id = identity
        self._shift = shift

    def embed(
        self, text_a: Sequence[str], text_b: Sequence[str] | None = None, *, on_progress: Any = None
    ) -> NDArray[np.float32]:
        """Made-up rows [n, 384] float32; a shift stands for what tuning does."""
        rng = np.random.default_rng(len(text_a))
        rows = rng.standard_normal((len(text_a), DIM), dtype=np.float32)
        return rows + np.float32(self._shift) * rng.standard_normal(DIM, dtype=np.float32)

    def count_tokens(
        self, text_a: Sequence[str], text_b: Sequence[str] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Made-up counts of 5,000 tokens."""
        ids = np.arange(1_000, 6_000, dtype=np.int32)
        return ids, (1 + ids % 97).astype(np.int32)

    def sample_token_vectors(
        self, text_a: Sequence[str], text_b: Sequence[str] | None = None, *, size: int, seed: int
    ) -> NDArray[np.float32]:
        """Made-up vectors [size, 384]."""
        return np.random.default_rng(seed).standard_normal((size, DIM), dtype=np.float32)


def _trace(*_: Any) -> Traces:
    return made_up_traces(0)


def made_up_traces(seed: int) -> Traces:
    """Traces of the size of MiniLM's."""
    rng = np.random.default_rng(seed)
    shapes = [shape for _ in range(6) for shape in [(DIM, DIM)] * 4 + [(4 * DIM, DIM), (DIM, 4 * DIM)]]
    factors = {
        f"layer.{place}.weight": (rng.standard_normal((out, 4)), rng.standard_normal((wide, 4)))
        for place, (out, wide) in enumerate(shapes)
    }
    return Traces(rng.random(sum(out for out, _ in shapes)), Update(factors, 0.5, 1.0, 0.001), {})


def _tune(encoder: Any, text_a: Any, text_b: Any, labels: Any, task: Any, settings: Any, **_: Any) -> Any:
    classes = tuple(sorted({str(label) for label in labels})) if not task.is_regression else ()
    count = len(classes) or 1
    return TunedEncoder(
        encoder=StandInEncoder("stand-in, tuned", shift=0.5),  # type: ignore[arg-type]
        head=Head(np.zeros((count, DIM), dtype=np.float32), np.zeros(count, dtype=np.float32), classes),
        losses=[1.0, 0.5],
    )


def install() -> None:
    """Put the stand-ins where the pipeline looks for the encoder and for tuning."""
    import features.artefacts.embeddings as embeddings
    import features.artefacts.moments as moments
    import models.tuning as tuning
    import models.tuning.traces as traces

    stand_in = StandInEncoder("stand-in")
    embeddings.encoder_of = lambda plan: stand_in  # type: ignore[assignment, return-value]
    moments.encoder_of = lambda plan: stand_in  # type: ignore[assignment, return-value]
    tuning.tune = _tune
    traces.trace = _trace
