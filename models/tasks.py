"""The four task types, and the two questions everything else asks of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

__all__ = ["OnProgress", "Task", "silent"]

OnProgress = Callable[[int, int], None]
"""Called with (units done, units in all) as a long step goes on; drawing it is the caller's business."""


def silent(done: int, total: int) -> None:
    """An :data:`OnProgress` that shows nothing."""


class Task(StrEnum):
    """What the labels of a dataset are, and whether a row holds one text or two."""

    CLASSIFICATION = "classification"
    PAIR_CLASSIFICATION = "pair_classification"
    REGRESSION = "regression"
    PAIR_REGRESSION = "pair_regression"

    @property
    def is_pair(self) -> bool:
        """Whether a row holds two texts."""
        return self in (Task.PAIR_CLASSIFICATION, Task.PAIR_REGRESSION)

    @property
    def is_regression(self) -> bool:
        """Whether labels are numbers rather than classes."""
        return self in (Task.REGRESSION, Task.PAIR_REGRESSION)
