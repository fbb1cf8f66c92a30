"""Measure what the leak check finds with the compact sketches that ready-made pools are shipped with.

Every dataset as a target against every source of the shipped list: the compact sketch beside the full one of
``pairs.csv``. And what real datasets hold none of: targets of which every text is a touched copy of a source's (a
word put in), by how many rows they have.

Writes ``compact.json`` beside this file. The datasets are found as in ``measure_overlap.py``::

    python -m benchmarks.overlap.measure_compact
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.overlap.measure_overlap import DATASETS, NEEDED, known_pairs, read_rows, sketch_all
from features.overlap import OverlapSettings, Sketch, TargetIndex, compact_sketch, compare, make_sketch
from features.overlap.compact import SIGNATURES
from flows.pools.sources import pool_sources
from models.tasks import Task

HERE = Path(__file__).parent
TARGET_ROWS = (100, 300, 1_000)
DRAWS = 5


def beside_full(sketches: dict[str, Sketch], settings: OverlapSettings) -> dict[str, Any]:
    """Compare every dataset with every source of the list, by the full and by the compact sketch."""
    known = known_pairs()
    small = {one.slug: compact_sketch(sketches[one.slug]) for one in pool_sources()}
    counts = {
        "pairs": 0,
        "excluded by both": 0,
        "by the full only": 0,
        "by the compact only": 0,
        "by neither": 0,
    }
    differ: list[dict[str, Any]] = []
    exact = 0.0
    for target, mine in sketches.items():
        index = TargetIndex(mine)
        for source, compact in small.items():
            if source == target:
                continue
            a, b = compare(index, sketches[source], settings), compare(index, compact, settings)
            alone = [compare(index, _exact_only(one), settings).share for one in (sketches[source], compact)]
            exact = max(exact, abs(alone[0] - alone[1]))
            counts["pairs"] += 1
            counts[_verdict(a.excluded, b.excluded)] += 1
            if a.excluded != b.excluded:
                pair = {"target": target, "source": source, "known": (target, source) in known}
                differ.append(
                    {**pair, "full": a.reason, "compact": b.reason, "full_exact": round(a.share_exact, 5)}
                )
    known_here = sum(source in small for target, source in known if target in sketches)
    return {
        "counts": counts,
        "known pairs": known_here,
        "largest difference of exact shares": exact,
        "differ": differ,
    }


def _exact_only(sketch: Sketch) -> Sketch:
    return replace(sketch, signatures=sketch.signatures[:0])


def _verdict(full: bool, compact: bool) -> str:
    if full and compact:
        return "excluded by both"
    if full:
        return "by the full only"
    return "by the compact only" if compact else "by neither"


def sizes(sketches: dict[str, Sketch]) -> dict[str, int]:
    """Bytes of all of the list's sketches, full and compact, without the compact ones' zeros."""
    listed = [sketches[one.slug] for one in pool_sources()]
    small = [compact_sketch(sketch) for sketch in listed]
    return {
        "full": sum(_bytes(sketch) for sketch in listed),
        "compact": sum(_bytes(sketch) - sketch.roles.nbytes for sketch in small),
    }


def _bytes(sketch: Sketch) -> int:
    return sum(array.nbytes for array in sketch.to_arrays().values())


def touched_copies(sketches: dict[str, Sketch], settings: OverlapSettings) -> list[dict[str, Any]]:
    """How many targets made of touched copies of a source's texts are found, by the target's rows."""
    found = {rows: {"rows": rows, "targets": 0, "full": 0, "compact": 0} for rows in TARGET_ROWS}
    for one in pool_sources():
        if one.task.is_pair:
            continue
        texts = _long_texts(one.slug, settings)
        small = compact_sketch(sketches[one.slug])
        for rows in TARGET_ROWS:
            for draw in range(DRAWS if len(texts) >= rows else 0):
                target = TargetIndex(_touched(texts, rows, draw, settings))
                found[rows]["targets"] += 1
                found[rows]["full"] += compare(target, sketches[one.slug], settings).excluded
                found[rows]["compact"] += compare(target, small, settings).excluded
    return list(found.values())


def _long_texts(slug: str, settings: OverlapSettings) -> list[str]:
    texts = read_rows(DATASETS / slug)["text_a"].drop_nulls().unique().sort()
    # Shorter ones are no near-duplicates any more with a word put in.
    return [text for text in texts.to_list() if len(text) >= 3 * settings.min_chars]


def _touched(texts: list[str], rows: int, draw: int, settings: OverlapSettings) -> Sketch:
    chosen = np.random.default_rng(draw).choice(len(texts), size=rows, replace=False)
    touched = [texts[number].replace(" ", " indeed ", 1) for number in chosen]
    frame = pl.DataFrame(
        {"text_a": touched, "text_b": [None] * rows}, schema={"text_a": pl.String, "text_b": pl.String}
    )
    return make_sketch(frame, Task.CLASSIFICATION, settings)


def main() -> int:
    """Measure, write and print."""
    if any(not (DATASETS / name).exists() for name in NEEDED):
        print(f"{DATASETS} lacks the datasets: point SPRINGBOARD_DATASETS at their folder")
        return 2
    started = time.process_time()
    settings = OverlapSettings()
    sketches = sketch_all(settings)
    result = {
        "signatures": SIGNATURES,
        "sources": len(pool_sources()),
        "bytes": sizes(sketches),
        "beside the full sketch": beside_full(sketches, settings),
        "targets of touched copies": touched_copies(sketches, settings),
    }
    result["cpu_seconds"] = round(time.process_time() - started)
    (HERE / "compact.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
