"""What a head learns: numbered classes, or a standardised number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ScoringError, TuningError
from models.labels import class_ids, regression_target

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.tasks import Task

__all__ = ["Goal", "make_goal"]


@dataclass(frozen=True, eq=False)
class Goal:
    """The labels as a head sees them.

    Attributes
    ----------
    values
        int64 [n] class ids or float32 [n] standardised numbers.
    classes
        The c labels in the order of their ids; empty for regression.
    mean, std
        What regression labels were standardised with; 0 and 1 for classes.
    """

    values: NDArray[Any]
    classes: tuple[str, ...]
    mean: float
    std: float

    @property
    def width(self) -> int:
        """Outputs of the head."""
        return len(self.classes) or 1

    def loss(self, outputs: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Cross entropy, or mean squared error of the standardised label, over the rows of a batch."""
        import torch
        from torch.nn import functional

        wanted = torch.from_numpy(self.values[rows]).to(outputs.device)
        if self.classes:
            return functional.cross_entropy(outputs, wanted)
        return functional.mse_loss(outputs.squeeze(1), wanted)


def make_goal(labels: Labels, task: Task) -> Goal:
    """Read labels.

    Raises
    ------
    TuningError
        If a label is missing, not a number where one is needed, or all labels are the same.
    """
    try:
        if not task.is_regression:
            classes, ids = class_ids(labels)
            if len(classes) < 2:
                raise _refuse("all rows have the same label")
            return Goal(ids, classes, 0.0, 1.0)
        y = regression_target(labels)
    except ScoringError as error:
        raise _refuse(error.what) from error
    mean, std = float(y.mean()), float(y.std())
    if not std > 1e-12 * max(1.0, abs(mean)):
        raise _refuse("all rows have the same label")
    return Goal(((y - mean) / std).astype(np.float32), (), mean, std)


def _refuse(what: str) -> TuningError:
    return TuningError(
        f"the encoder cannot be tuned: {what}",
        consequence="the source stays pending",
        next_step="check the label column (`springboard source add REF --label COL`)",
    )
