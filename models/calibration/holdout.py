"""Whether a method keeps its word: every target is held out once, and told by the others alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.calibration.calibration import Gains, calibrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.calibration.evidence import Evidence

__all__ = ["HeldOut", "TargetCheck", "hold_out", "wilson"]

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class TargetCheck:
    """How a held-out target was told.

    Attributes
    ----------
    target, pairs
        Its number and how many sources were tried on it.
    covered, covered_low, covered_high
        The share of its gains within their intervals, with Wilson's 95 % interval, which takes the sources for
        independent. They share the target's offset, so that the truth is wider.
    width
        Mean width of the intervals, in points.
    correlation
        Spearman's, of expected and measured gains; None where either is the same for all.
    error, error_of_zero, error_of_mean
        Mean absolute errors in points: of what is expected, of expecting nothing, of the mean gain on other targets.
    mean_gain, mean_expected
        In points.
    noise
        Root mean square of the measured gains' standard errors: no method is nearer than that.
    """

    target: int
    pairs: int
    covered: float
    covered_low: float
    covered_high: float
    width: float
    correlation: float | None
    error: float
    error_of_zero: float
    error_of_mean: float
    mean_gain: float
    mean_expected: float
    noise: float


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Every pair of the evidence as the other targets tell it; NaN where those are too few."""

    gains: Gains
    checks: tuple[TargetCheck, ...]

    @property
    def covered(self) -> float:
        """Mean over targets of the share of gains within their intervals."""
        return float(np.mean([one.covered for one in self.checks]))


def hold_out(evidence: Evidence, method: str, coverage: float) -> HeldOut:
    """Hold out one target after the other; everything, variances included, is fitted to the others.

    Raises
    ------
    InputsError, SettingsError
        See :func:`~models.calibration.calibration.calibrate`; it takes one target more.
    """
    n = len(evidence)
    told = Gains(*(np.full(n, np.nan) for _ in range(3)))
    for target in evidence.targets:
        mine = evidence.pairs.targets == target
        calibration = calibrate(evidence.without(int(target)), method, coverage)
        found = calibration.gains(evidence.pairs.where(mine).as_new_target())
        told.expected[mine], told.low[mine], told.high[mine] = found.expected, found.low, found.high
    return HeldOut(told, tuple(_check(evidence, told, int(target)) for target in evidence.targets))


def _check(evidence: Evidence, told: Gains, target: int) -> TargetCheck:
    mine = evidence.pairs.targets == target
    gains, expected = evidence.gains[mine], told.expected[mine]
    inside = (told.low[mine] <= gains) & (gains <= told.high[mine])
    others = evidence.without(target)
    mean = float((others.weights * others.gains).sum())
    low, high = wilson(int(inside.sum()), len(inside))
    return TargetCheck(
        target=target,
        pairs=len(gains),
        covered=float(inside.mean()),
        covered_low=low,
        covered_high=high,
        width=float((told.high[mine] - told.low[mine]).mean()),
        correlation=_spearman(expected, gains),
        error=float(np.abs(gains - expected).mean()),
        error_of_zero=float(np.abs(gains).mean()),
        error_of_mean=float(np.abs(gains - mean).mean()),
        mean_gain=float(gains.mean()),
        mean_expected=float(expected.mean()),
        noise=float(np.sqrt((evidence.stderr[mine] ** 2).mean())),
    )


def _spearman(expected: NDArray[np.float64], gains: NDArray[np.float64]) -> float | None:
    from scipy.stats import spearmanr

    if len(gains) < 3 or np.ptp(gains) == 0 or np.ptp(expected) < 1e-9:
        return None
    return float(spearmanr(expected, gains).statistic)


def wilson(hits: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 1927)."""
    share, z2 = hits / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
