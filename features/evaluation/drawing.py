"""Two drawings of an evaluation, as SVG that needs no library: regret with intervals, and regret by the pool's size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.evaluation.layout import ordered
from features.reports.chart import round_numbers
from features.wording import plain

__all__ = ["draw_growth", "draw_regret"]

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH, _LEFT, _RIGHT, _ROW = 720, 190, 30, 20
_TOP, _PLOT_HEIGHT, _LABEL, _LONGEST = 34, 260, 13, 26
_INKS = ("#1b6ca8", "#b5532a", "#6b6b6b")


@dataclass(frozen=True)
class _Scale:
    """Numbers to pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f"{self.start + share * (self.end - self.start):.1f}"

    def ticks(self) -> list[dict[str, str]]:
        return [{"at": self.at(one), "text": f"{one:g}"} for one in round_numbers(self.low, self.high, 5)]


def draw_regret(found: Mapping[str, Any]) -> str:
    """Draw each scorer's excess regret@5 with its interval; plain regret@5 where there is no floor."""
    has_floor = found["floor"]["regret@5"] is not None
    measure = "excess_regret@5" if has_floor else "regret@5"
    rows = [(name, found["scorers"][name]) for name in ordered(found)]
    rows = [(name, row) for name, row in rows if row[measure] is not None]
    values = [row[key] for _, row in rows for key in (measure, f"{measure}_low", f"{measure}_high")]
    scale = _scale([0.0, *(one for one in values if one is not None)], _LEFT, _WIDTH - _RIGHT)
    return _drawn(
        "regret.svg",
        title=f"{'Excess regret' if has_floor else 'Regret'}@5 over {found['targets']} targets, in percent",
        width=_WIDTH,
        height=_TOP + _ROW * len(rows) + 34,
        scale=scale,
        rows=[
            _row(name, row, measure, scale, at, name == found["default"])
            for at, (name, row) in enumerate(rows)
        ],
        zero=scale.at(0.0),
    )


def draw_growth(found: Mapping[str, Any]) -> str:
    """Draw regret@5 by the number of sources, of the default, of chance and of the floor."""
    study = found["studies"]["pool_size"]
    names = [
        name for name in (found["default"], "random", "floor") if any(name in one for one in study["rows"])
    ]
    lines = {
        name: [(one["size"], one[name]) for one in study["rows"] if one.get(name) is not None]
        for name in dict.fromkeys(names)
    }
    sizes = [one["size"] for one in study["rows"]]
    across = _scale([0.0, *sizes], 60, _WIDTH - 180)
    upward = _scale(
        [0.0, *(value for line in lines.values() for _, value in line)], _TOP + _PLOT_HEIGHT, _TOP
    )
    drawn = [
        {
            "name": _short(name),
            "ink": ink,
            "points": [{"x": across.at(size), "y": upward.at(value)} for size, value in line],
        }
        for (name, line), ink in zip(lines.items(), _INKS, strict=False)
        if line
    ]
    return _drawn(
        "growth.svg",
        title=f"Regret@5 by the number of sources, {study['targets']} targets, in percent",
        width=_WIDTH,
        height=_TOP + _PLOT_HEIGHT + 44,
        across=across,
        upward=upward,
        lines=_labelled(drawn),
    )


def _labelled(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each line's name a height of its own, where lines end close to each other."""
    below = -math.inf
    for line in sorted(lines, key=lambda line: float(line["points"][-1]["y"])):
        below = max(below + _LABEL, float(line["points"][-1]["y"]))
        line["label"] = f"{below:.1f}"
    return lines


def _row(
    name: str, row: Mapping[str, Any], measure: str, scale: _Scale, place: int, is_default: bool
) -> dict[str, Any]:
    low, high = row[f"{measure}_low"], row[f"{measure}_high"]
    return {
        "name": _short(name),
        "y": f"{_TOP + _ROW * (place + 0.5):.1f}",
        "at": scale.at(row[measure]),
        "low": None if low is None else scale.at(low),
        "high": None if high is None else scale.at(high),
        "ink": _INKS[1] if is_default else _INKS[0],
    }


def _short(name: str) -> str:
    return plain(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low, high = min(values), max(values)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    pad = 0.03 * (high - low)
    return _Scale(low - (pad if low < 0 else 0.0), math.nextafter(high + pad, math.inf), start, end)


def _drawn(template: str, **given: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(template).render(**given) + "\n"
