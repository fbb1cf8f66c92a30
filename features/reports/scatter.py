"""Geometry of the map of the pool: where dots and names stand, in per cent of a drawing four wide and three high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.reports.positions import Place, PoolMap
from features.reports.slugs import source_slug
from features.wording import plain

__all__ = ["Dot", "Scatter", "scatter_of"]

_WIDTH, _HEIGHT, _ROOM = 4.0, 3.0, 84.0
_LABELLED = 60
_SHORT = 22
_CHARACTER, _LINE = 1.15, 4.2
"""What a character is wide and a line is high, about, in per cent of a drawing on a desk's screen."""

_SHAPES = {
    "classification": "a",
    "pair classification": "b",
    "regression": "c",
    "pair regression": "d",
}

_TITLES = {
    "esm": (
        "By map",
        "Two sources lie close when their maps move embeddings alike: "
        "fine-tuning on either does much the same to the encoder.",
    ),
    "centroid": (
        "By text",
        "Two sources lie close when their texts are alike: the mean embedding of their rows.",
    ),
}


@dataclass(frozen=True)
class Dot:
    """One source: its place, its task and that one's shape, and its label where there is room for one."""

    source: str
    slug: str
    x: str
    y: str
    shape: str
    task: str
    label: str
    left: bool


@dataclass(frozen=True)
class Scatter:
    """One drawing with its heading and how far two dimensions can be trusted."""

    kind: str
    title: str
    note: str
    share_text: str
    dots: tuple[Dot, ...]
    nearest: Mapping[str, tuple[str, ...]]


def scatter_of(pool_map: PoolMap, sources: Mapping[str, Mapping[str, Any]]) -> Scatter:
    """Make the drawing of a map of the pool.

    Parameters
    ----------
    pool_map
        Places by source name.
    sources
        Source name -> its record; ``task`` is looked at.
    """
    title, note = _TITLES[pool_map.kind]
    spots = _spots(pool_map.places)
    labels = _labels(pool_map.places, spots)
    dots = []
    for place, (x, y) in zip(pool_map.places, spots, strict=True):
        task = str(sources.get(place.source, {}).get("task") or "").replace("_", " ")
        label, left = labels.get(place.source, ("", False))
        dots.append(
            Dot(
                source=plain(place.source),
                slug=source_slug(place.source),
                x=f"{x:.2f}%",
                y=f"{y:.2f}%",
                shape=_SHAPES.get(task, "e"),
                task=plain(task) if task in _SHAPES else "task not known",
                label=label,
                left=left,
            )
        )
    share = pool_map.share
    told = "" if share is None else f"These two dimensions hold {share:.0%} of the spread."
    nearest = {plain(place.source): tuple(map(plain, place.nearest)) for place in pool_map.places}
    return Scatter(pool_map.kind, title, note, told, tuple(dots), nearest)


def _spots(places: Sequence[Place]) -> list[tuple[float, float]]:
    """Fit the places into the drawing, one unit for both directions, so that distances can be compared."""
    if not places:
        return []
    xs, ys = [place.x for place in places], [place.y for place in places]
    spans = max(xs) - min(xs), max(ys) - min(ys)
    rooms = [room * _ROOM / span for room, span in zip((_WIDTH, _HEIGHT), spans, strict=True) if span > 0]
    unit = min(rooms, default=0.0)
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [
        (50 + (place.x - middle[0]) * unit / _WIDTH, 50 - (place.y - middle[1]) * unit / _HEIGHT)
        for place in places
    ]


def _labels(places: Sequence[Place], spots: Sequence[tuple[float, float]]) -> dict[str, tuple[str, bool]]:
    """Names that have room beside their dots; who comes first keeps it, and a large pool has none."""
    if len(places) > _LABELLED:
        return {}
    taken = [(x - 1, y - 1.5, x + 1, y + 1.5) for x, y in spots]
    found = {}
    for place, (x, y) in zip(places, spots, strict=True):
        name = plain(place.source)
        text = name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…"
        width = _CHARACTER * len(text)
        for left in (False, True):
            start = x - 1.6 - width if left else x + 1.6
            box = (start, y - _LINE / 2, start + width, y + _LINE / 2)
            if start >= 0 and start + width <= 100 and not any(_overlap(box, other) for other in taken):
                found[place.source] = (text, left)
                taken.append(box)
                break
    return found


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
