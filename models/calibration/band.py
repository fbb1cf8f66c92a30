"""What a method says of pairs before it is calibrated, and what every method is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.evidence import Evidence, Pairs

__all__ = ["Band", "Fitted", "Method"]


@dataclass(frozen=True, eq=False)
class Band:
    """A centre with a unit of doubt on either side of it, float [n] each; units are above 0.

    How many units make an interval is found by leaving out targets (:mod:`models.calibration.conformal`).
    """

    centre: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]

    def units(self, gains: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many units away from the centre the gains are, [n]."""
        off = gains - self.centre
        away: NDArray[np.float64] = np.where(off < 0, -off / self.below, off / self.above)
        return away

    @classmethod
    def level(cls, centre: NDArray[np.float64]) -> Band:
        """One point on either side, for a method that knows no more of its doubt."""
        ones = np.ones(len(centre))
        return cls(centre, ones, ones)


class Fitted(Protocol):
    """A method that has seen evidence."""

    def predict(self, pairs: Pairs) -> Band:
        """Expected gains in points, one a pair."""
        ...


class Method(Protocol):
    """Fits evidence; ``like`` is an earlier fit of nearly the same evidence, whose settings may be taken over."""

    def __call__(self, evidence: Evidence, like: Fitted | None = None) -> Fitted:
        """Fit."""
        ...
