"""Measure the leak check on every ordered pair of the real datasets.

Writes ``pairs.csv`` beside this file: one line for every pair that shares anything, and one for every pair
that is known to share texts, with what the check found. Prints the table a threshold can be read from.

The datasets are found through ``SPRINGBOARD_DATASETS`` (default ``../shared/datasets``): folders
``<slug>/{train,validation,test}.parquet``, ``catalog.csv``, ``overlap_groups.csv``, ``overlap_measured.csv``.

    python benchmarks/overlap/measure_overlap.py
"""

from __future__ import annotations

import csv
import itertools
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import polars as pl

from features.overlap import OverlapSettings, Sketch, TargetIndex, compare, make_sketch
from models.tasks import Task

HERE = Path(__file__).parent
DATASETS = Path(os.environ.get("SPRINGBOARD_DATASETS", HERE.parents[2] / "shared" / "datasets"))
NEEDED = ("catalog.csv", "overlap_groups.csv", "overlap_measured.csv")
SPLITS = ("train", "validation", "test")


def read_rows(folder: Path) -> pl.DataFrame:
    """Read all splits of a dataset as canonical rows."""
    frames = []
    for split in SPLITS:
        if not (folder / f"{split}.parquet").exists():
            continue
        frame = pl.read_parquet(folder / f"{split}.parquet")
        text_a = "text" if "text" in frame.columns else "text_a"
        text_b = pl.col("text_b") if "text_b" in frame.columns else pl.lit(None, dtype=pl.String)
        frames.append(
            frame.select(
                split=pl.lit(split),
                position=pl.int_range(pl.len(), dtype=pl.Int64),
                text_a=text_a,
                text_b=text_b,
                label="label",
            )
        )
    return pl.concat(frames)


def known_pairs() -> set[tuple[str, str]]:
    """Return every ordered pair that the two tables say shares texts."""
    groups = defaultdict(list)
    with (DATASETS / "overlap_groups.csv").open() as lines:
        for row in csv.DictReader(lines):
            groups[row["group"]].append(row["slug"])
    pairs = {pair for slugs in groups.values() for pair in itertools.permutations(slugs, 2)}
    with (DATASETS / "overlap_measured.csv").open() as lines:
        for row in csv.DictReader(lines):
            pairs |= {(row["slug_a"], row["slug_b"]), (row["slug_b"], row["slug_a"])}
    return pairs


def sketch_all(settings: OverlapSettings) -> dict[str, Sketch]:
    """Sketch every dataset of the catalog."""
    sketches = {}
    started = time.process_time()
    with (DATASETS / "catalog.csv").open() as lines:
        for row in csv.DictReader(lines):
            rows = read_rows(DATASETS / row["slug"])
            sketches[row["slug"]] = make_sketch(rows, Task(row["task_type"]), settings)
    print(f"{len(sketches)} sketches in {time.process_time() - started:.0f} CPU s")
    return sketches


def measure(sketches: dict[str, Sketch], settings: OverlapSettings) -> list[dict[str, object]]:
    """Compare every ordered pair; one record for each that shares something or is known to."""
    known = known_pairs()
    records: list[dict[str, object]] = []
    started = time.process_time()
    for target, mine in sketches.items():
        index = TargetIndex(mine)
        for source, theirs in sketches.items():
            if source == target:
                continue
            found = compare(index, theirs, settings)
            if found.shared_texts or (target, source) in known:
                records.append(
                    {
                        "target": target,
                        "source": source,
                        "known": (target, source) in known,
                        "excluded": found.excluded,
                        "share": round(found.share, 5),
                        "share_exact": round(found.share_exact, 5),
                        "share_near": round(found.share_near, 5),
                        "shared_texts": found.shared_texts,
                        "distinct_target": found.distinct_target,
                    }
                )
    pairs = len(sketches) * (len(sketches) - 1)
    spent = time.process_time() - started
    print(f"{pairs:,} pairs in {spent:.0f} CPU s, {1000 * spent / pairs:.1f} ms a pair")
    return sorted(
        records,
        key=lambda record: (-float(str(record["share"])), str(record["target"]), str(record["source"])),
    )


def print_thresholds(records: list[dict[str, object]]) -> None:
    """Print, for several thresholds, how many known and other pairs would be excluded."""
    known = sum(bool(record["known"]) for record in records)
    print(f"threshold  known found (of {known})  others excluded")
    for threshold in (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1):
        hit = [r for r in records if float(str(r["share"])) >= threshold and int(str(r["shared_texts"])) >= 2]
        found = sum(bool(record["known"]) for record in hit)
        print(f"{threshold:9}  {found:21}  {len(hit) - found:15}")


def main() -> int:
    """Measure, write the table and print the summary."""
    missing = [name for name in NEEDED if not (DATASETS / name).exists()]
    if missing:
        print(f"{DATASETS} lacks {', '.join(missing)}: point SPRINGBOARD_DATASETS at the folder of datasets")
        return 2
    settings = OverlapSettings()
    records = measure(sketch_all(settings), settings)
    with (HERE / "pairs.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    print_thresholds(records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
