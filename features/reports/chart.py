"""Geometry of the dot-and-whisker drawing: where things stand on the axis, in per cent of its width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.rankings.view import RankingView, RowView

__all__ = ["Axis", "Drawing", "Mark", "Tick", "axis_of", "drawing_of", "round_numbers"]

_MARGIN = 6.0
"""Per cent kept free at either end, so that a dot on the edge is drawn whole."""


@dataclass(frozen=True)
class Tick:
    """A labelled place on the axis."""

    at: str
    text: str


@dataclass(frozen=True)
class Axis:
    """One axis for all rows of a table, so that their drawings line up under each other.

    Positions are strings of per cent, which SVG takes as they are: a drawing of full width then fits any
    screen, with round dots and without a script.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> str:
        """Return where a number stands, as ``"42.10%"``."""
        span = self.high - self.low
        share = (value - self.low) / span if span > 0 else 0.5
        return f"{_MARGIN + min(max(share, 0.0), 1.0) * (100 - 2 * _MARGIN):.2f}%"


@dataclass(frozen=True)
class Mark:
    """One row's dot and, unless it is hollow, its whisker."""

    low: str
    at: str
    high: str
    hollow: bool


@dataclass(frozen=True)
class Drawing:
    """The drawing beside a ranking: expected gains where there are any, else scores.

    ``line`` is where no transfer stands (a gain of zero, or the untouched encoder's score), or empty; ``marks``
    go by rank.
    """

    axis: Axis
    marks: dict[int, Mark]
    line: str
    of_gains: bool


def drawing_of(view: RankingView, rows: Sequence[RowView]) -> Drawing:
    """Return the drawing of some rows of a view."""
    told = [row for row in rows if row.gain is not None]
    if not told:
        ends = [end for row in rows for end in (row.low, row.high)]
        base = [] if view.base is None else [view.base.score]
        axis = axis_of(min([*ends, *base], default=0.0), max([*ends, *base], default=0.0))
        marks = {row.rank: _mark(axis, row.low, row.score, row.high, row.stderr is None) for row in rows}
        return Drawing(axis, marks, axis.at(base[0]) if base else "", of_gains=False)
    spans = {row.rank: _gain_span(row) for row in told}
    ends = [end for span in spans.values() for end in span]
    axis = axis_of(min(*ends, 0.0), max(*ends, 0.0))
    marks = {rank: _mark(axis, *span, False) for rank, span in spans.items()}
    return Drawing(axis, marks, axis.at(0.0), of_gains=True)


def _gain_span(row: RowView) -> tuple[float, float, float]:
    gain = row.gain or 0.0
    low = gain if row.gain_low is None else row.gain_low
    return low, gain, gain if row.gain_high is None else row.gain_high


def _mark(axis: Axis, low: float, value: float, high: float, hollow: bool) -> Mark:
    return Mark(axis.at(low), axis.at(value), axis.at(high), hollow)


def axis_of(low: float, high: float, *, ticks: int = 4) -> Axis:
    """Return the axis from one number to another; one number alone gets room on both sides."""
    if high <= low:
        pad = abs(low) * 0.01 or 1.0
        low, high = low - pad, high + pad
    bare = Axis(low, high, ())
    values = round_numbers(low, high, ticks)
    step = values[1] - values[0] if len(values) > 1 else high - low
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return Axis(low, high, tuple(Tick(bare.at(v), f"{v:.{decimals}f}") for v in values))


def round_numbers(low: float, high: float, about: int) -> Sequence[float]:
    """Return multiples of 1, 2 or 5 times a power of ten inside the range, about as many as asked for."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step + 0.0 for k in range(first, last + 1)]
