"""What a source's head says of the target's rows, for the scorers that go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.errors import ScoringError
from models.scorers.needs import Need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.scorers.inputs import Inputs

__all__ = ["hard_predictions", "head_logits", "head_probabilities", "joint_of_labels"]


def head_logits(inputs: Inputs) -> NDArray[np.float64]:
    """Give the source head's logits [n, z] on the target's features, z classes of the source.

    Raises
    ------
    ScoringError
        If the source has no head, one for regression, one of another width, or one that gives NaN or Inf.
    """
    head = inputs.given[Need.SOURCE_HEAD]
    if not head.is_known:
        raise _refuse(
            f"the source has no head ({head.note or 'none was kept'})",
            "use a scorer that needs no source_head",
        )
    if not head.classes:
        raise _refuse(
            "the source's head is for regression, which predicts no classes",
            "use a scorer that needs no source_head",
        )
    width = inputs.features.shape[1]
    if head.weight.shape != (len(head.classes), width) or head.bias.shape != (len(head.classes),):
        raise _refuse(
            f"the source's head has weights {head.weight.shape} and bias {head.bias.shape} for "
            f"{len(head.classes)} classes, the features have width {width}",
            "ingest the source again with this encoder",
        )
    logits = head.logits(inputs.features)
    if not np.isfinite(logits).all():
        raise _refuse(
            "the source's head gives NaN or Inf on the target's features", "ingest the source again"
        )
    return np.asarray(logits, dtype=np.float64)


def head_probabilities(inputs: Inputs) -> NDArray[np.float64]:
    """Give the source head's class probabilities [n, z]; raises like :func:`head_logits`."""
    from scipy.special import softmax

    return np.asarray(softmax(head_logits(inputs), axis=1), dtype=np.float64)


def hard_predictions(outputs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each row's likeliest source class, int64 [n], from logits or probabilities [n, z]."""
    return np.asarray(outputs.argmax(axis=1), dtype=np.int64)


def joint_of_labels(target: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the empirical joint distribution [c, z] of two columns of class ids, n each."""
    shape = (int(target.max()) + 1, int(predicted.max()) + 1)
    counts = np.bincount(target * shape[1] + predicted, minlength=shape[0] * shape[1])
    return counts.reshape(shape) / target.size


def _refuse(what: str, cure: str) -> ScoringError:
    return ScoringError(what, consequence="no score was stored", next_step=cure)
