"""One fine-tuning on a target, and what it reaches on rows that it was not tuned on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.tuning import tune

if TYPE_CHECKING:
    from benchmarks.transfer.rows import Rows
    from models.encoder import Encoder
    from models.tuning import TunedEncoder, TuningSettings

__all__ = ["Trial", "tune_and_test"]


@dataclass(frozen=True)
class Trial:
    """What a fine-tuning reached.

    Attributes
    ----------
    score
        Accuracy of a classification, in [0, 1]; Pearson's correlation of a regression, in [-1, 1].
    metric
        ``accuracy`` or ``pearson``.
    steps
        Of the tuning.
    last_loss
        Mean of its last five steps' losses.
    seconds
        Tuning and testing.
    """

    score: float
    metric: str
    steps: int
    last_loss: float
    seconds: float


def tune_and_test(encoder: Encoder, taught: Rows, test: Rows, settings: TuningSettings) -> Trial:
    """Tune an encoder on the one rows and test it on the others."""
    started = time.perf_counter()
    tuned = tune(encoder, taught.text_a, taught.text_b, taught.labels, taught.task, settings)
    score, metric = _test(tuned, test)
    return Trial(
        score=score,
        metric=metric,
        steps=len(tuned.losses),
        last_loss=float(np.mean(tuned.losses[-5:])),
        seconds=time.perf_counter() - started,
    )


def _test(tuned: TunedEncoder, test: Rows) -> tuple[float, str]:
    outputs = tuned.head.logits(tuned.encoder.embed(test.text_a, test.text_b))
    if test.task.is_regression:
        predicted, wanted = outputs[:, 0], np.asarray(test.labels, dtype=np.float64)
        # One value for all rows predicts nothing.
        flat = np.ptp(predicted) == 0
        return (0.0 if flat else float(np.corrcoef(predicted, wanted)[0, 1])), "pearson"
    # A class that the training rows lack cannot be predicted: such rows count as wrong.
    predicted_classes = np.asarray(tuned.head.classes)[outputs.argmax(axis=1)]
    return float(np.mean(predicted_classes == np.asarray([str(label) for label in test.labels]))), "accuracy"
