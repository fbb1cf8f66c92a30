"""How our cost grows: one thing varied at a time, made-up targets with the spectrum of real ones."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.engine import ours
from benchmarks.engine.inputs import Target, made_up_embeddings, make_esms
from benchmarks.outcome import Goal
from benchmarks.plots import pyplot, save

__all__ = ["VARIED", "grow", "judge", "write_plot", "write_table"]


@dataclass(frozen=True)
class Point:
    """One target and its ESMs."""

    sources: int = 256
    rows: int = 1_000
    dimension: int = 384
    rank: int = 16
    classes: int = 2


VARIED: dict[str, tuple[int, ...]] = {
    "sources": (1, 4, 16, 64, 256, 1_024, 4_096),
    "rows": (125, 250, 500, 1_000, 2_000, 4_000, 8_000),
    "dimension": (96, 192, 384, 768, 1_024),
    "rank": (1, 2, 4, 8, 16, 32, 64, 384),
    "classes": (2, 5, 10, 20, 50, 100),
}
_SOME = 64
"""ESMs that differ from each other; more of them are these again, which the engine does not know."""

_FEW = 4
"""Full maps, which are scored one by one."""


def grow(varied: Mapping[str, Sequence[int]], rounds: int = 3) -> list[dict[str, Any]]:
    """Measure all points; a row each, medians of the rounds."""
    rows = []
    for name, values in varied.items():
        for value in values:
            rows.append({"varied": name, **_measure(replace(Point(), **{name: value}), rounds)})
            print(f"  {name} {value}: {rows[-1]['milliseconds_an_esm']:.3g} ms an ESM", flush=True)
    return rows


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})


def write_plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write an SVG: a panel for each thing varied."""
    names = list(dict.fromkeys(row["varied"] for row in rows))
    figure, panels = pyplot().subplots(
        2, (len(names) + 2) // 2, figsize=(10, 6), layout="constrained", sharey=True
    )
    for panel, name in zip(panels.flat, names, strict=False):
        some = [row for row in rows if row["varied"] == name]
        at = [row[name] for row in some]
        panel.plot(at, [row["milliseconds_an_esm"] for row in some], "o-", markersize=3, label="an ESM")
        panel.plot(
            at, [row["milliseconds_target"] for row in some], "s--", markersize=3, label="the target, once"
        )
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(at, [f"{value:,}" for value in at], rotation=45)
        panel.minorticks_off()
        panel.set_xlabel(name)
        panel.grid(visible=True, alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("CPU milliseconds, one thread")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    for panel in panels.flat[len(names) :]:
        panel.axis("off")
    panels.flat[-1].legend(handles, labels, loc="center", title=_fixed())
    save(figure, path)


def judge(rows: Sequence[dict[str, Any]]) -> list[Goal]:
    """What growing each thing to its largest does to the cost of an ESM."""
    goals = []
    for name in dict.fromkeys(row["varied"] for row in rows):
        some = [row for row in rows if row["varied"] == name]
        first, last = some[0], some[-1]
        ratio = last["milliseconds_an_esm"] / first["milliseconds_an_esm"]
        goals.append(Goal(f"CPU an ESM: {name} {last[name]:,} / {first[name]:,}", ratio))
    return goals


def _fixed() -> str:
    one = Point()
    return (
        f"LogME; what does not vary:\n{one.sources} sources, {one.rows:,} rows,\nd = {one.dimension}, "
        f"rank {one.rank}, {one.classes} classes"
    )


def _measure(point: Point, rounds: int) -> dict[str, Any]:
    base = made_up_embeddings(point.rows, point.dimension)
    target = Target.of(base, point.classes)
    full = point.rank >= point.dimension
    count = _FEW if full else point.sources
    some = make_esms(base, point.rank, min(count, _SOME))
    esms = [some[i % len(some)] for i in range(count)]
    # Once for nothing: the first call of a shape pays for memory and libraries.
    found = [ours.score(target, esms) for _ in range(rounds + 1)][1:]
    ours.check(target, esms[:1], found[0].scores[:1])
    return {
        "sources": count,
        "rows": point.rows,
        "dimension": point.dimension,
        "rank": point.rank,
        "classes": point.classes,
        "milliseconds_an_esm": 1_000 * statistics.median(one.each for one in found),
        "milliseconds_target": 1_000 * statistics.median(one.target for one in found),
    }
