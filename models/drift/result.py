"""What a two-sample test says."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tested"]


@dataclass(frozen=True)
class Tested:
    """A distance between two samples, and how often chance alone gives one as large.

    Attributes
    ----------
    distance
        In the test's own unit.
    p_value
        In (0, 1]: the share of relabellings of the rows, or of the test's distribution, at or above the distance.
    """

    distance: float
    p_value: float
