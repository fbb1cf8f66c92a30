"""From evidence to expected gains with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models.calibration.conformal import targets_needed, upper_end
from models.calibration.methods import DEFAULT_METHOD, METHODS
from models.errors import InputsError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.band import Band, Fitted
    from models.calibration.evidence import Evidence, Pairs

__all__ = ["Calibration", "Gains", "calibrate"]

_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Gains:
    """Expected gains with intervals, float [n] each, in points; ``low <= expected <= high``."""

    expected: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What evidence says of pairs that nobody tried.

    Attributes
    ----------
    evidence
        What it was made of.
    coverage
        The share of new targets' gains that intervals are to hold.
    whole
        The method fitted to all of the evidence.
    parts
        Target -> the method fitted to all others.
    units
        float [n]: how far each gain of the evidence is from what the fit without its target expects.
    """

    evidence: Evidence
    coverage: float
    whole: Fitted
    parts: dict[int, Fitted]
    units: NDArray[np.float64]

    def gains(self, pairs: Pairs) -> Gains:
        """Expected gains of pairs.

        The interval is for a gain as the evidence measured them (the mean over as many seeds), on a target that the
        evidence does not know: of the true mean gain it holds no less, of a single run less.
        """
        found = [self._of(pairs.where(_between(start, len(pairs)))) for start in range(0, len(pairs), _BLOCK)]
        return Gains(*(np.concatenate([part[k] for part in found] or [np.empty(0)]) for k in range(3)))

    def _of(self, pairs: Pairs) -> tuple[NDArray[np.float64], ...]:
        centre = self.whole.predict(pairs).centre
        bands = {target: fitted.predict(pairs) for target, fitted in self.parts.items()}
        targets = self.evidence.pairs.targets
        lows, highs = (np.empty((len(pairs), len(targets))) for _ in range(2))
        for target, band in bands.items():
            mine = targets == target
            lows[:, mine] = band.centre[:, None] - self.units[mine] * band.below[:, None]
            highs[:, mine] = band.centre[:, None] + self.units[mine] * band.above[:, None]
        low = -upper_end(-lows, targets, self.coverage)
        high = upper_end(highs, targets, self.coverage)
        return centre, np.minimum(low, centre), np.maximum(high, centre)

    @cached_property
    def covered(self) -> dict[int, float | None]:
        """Target -> share of its gains within the interval that the other targets' residuals give.

        None where the others are too few for an interval.
        """
        targets, found = self.evidence.pairs.targets, {}
        for target in self.evidence.targets:
            mine = targets == target
            end = float(upper_end(self.units[~mine], targets[~mine], self.coverage))
            found[int(target)] = float((self.units[mine] <= end).mean()) if np.isfinite(end) else None
        return found


def calibrate(evidence: Evidence, method: str = DEFAULT_METHOD, coverage: float = 0.8) -> Calibration:
    """Fit a method and find how wide its intervals have to be.

    Parameters
    ----------
    evidence
        Of as many targets as :func:`~models.calibration.conformal.targets_needed` asks for.
    method
        A name of :data:`~models.calibration.methods.METHODS`.
    coverage
        In (0, 1): the share of gains on new targets that intervals are to hold.

    Raises
    ------
    SettingsError
        There is no such method, or the coverage is not between 0 and 1.
    InputsError
        There are too few targets.
    """
    if method not in METHODS or not 0 < coverage < 1:
        raise SettingsError(
            f"calibration.method is {method!r} and calibration.coverage {coverage:g}",
            consequence="no expected gains were computed",
            next_step=f"method is one of {', '.join(METHODS)}, and coverage between 0 and 1, such as 0.8",
        )
    if len(evidence.targets) < targets_needed(coverage):
        raise InputsError(
            f"the evidence is of {len(evidence.targets)} targets, and intervals that hold {coverage:.0%} need "
            f"{targets_needed(coverage)}",
            consequence="no expected gains were computed",
            next_step="springboard feedback adds results, springboard pool add a pool with evidence",
        )
    fit = METHODS[method]
    whole = fit(evidence)
    parts, units = {}, np.empty(len(evidence))
    for target in evidence.targets:
        mine = evidence.pairs.targets == target
        parts[int(target)] = fit(evidence.without(int(target)), like=whole)
        # As for a new target: an offset that the fit never saw must not be known.
        band: Band = parts[int(target)].predict(evidence.pairs.where(mine).as_new_target())
        units[mine] = band.units(evidence.gains[mine])
    return Calibration(evidence, coverage, whole, parts, units)


def _between(start: int, n: int) -> NDArray[np.bool_]:
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[start : start + _BLOCK] = True
    return chosen
