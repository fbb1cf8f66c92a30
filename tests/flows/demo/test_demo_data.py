"""The bundled datasets: real, small, openly licensed, readable as they are, and apart from each other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from features.pools import find_pool
from features.pools.layout import read_manifest
from features.reading import read_dataset
from features.registry.names import check_name
from flows.demo.datasets import DEMO_EXTRA, DEMO_SOURCES, DEMO_TARGETS, DemoDataset, demo_path
from flows.demo.story import DEMO_POOL
from models.tasks import Task

ALL = (*DEMO_SOURCES, *DEMO_TARGETS, *DEMO_EXTRA)
FOLDER = demo_path(ALL[0]).parent


@pytest.mark.parametrize("dataset", ALL, ids=lambda dataset: dataset.name)
def test_each_reads_whole(dataset: DemoDataset) -> None:
    read = read_dataset(str(demo_path(dataset)), dataset.options)
    assert read.origin["unparsed_rows"] == {"count": 0, "examples": []}
    assert read.rows.height == (200 if dataset in DEMO_TARGETS else 300)
    assert read.rows["label"].null_count() == 0
    assert read.rows.select("text_a", "text_b").is_unique().all()
    assert check_name(dataset.name) == dataset.name


def test_task_types_vary() -> None:
    tasks = {read_dataset(str(demo_path(d)), d.options).task for d in ALL}
    assert tasks == {Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION, Task.REGRESSION}


def test_no_text_is_shared() -> None:
    seen: dict[str, str] = {}
    for dataset in ALL:
        for text in set(read_dataset(str(demo_path(dataset)), dataset.options).rows["text_a"]):
            assert seen.setdefault(text.casefold(), dataset.name) == dataset.name


def test_the_names_are_free_beside_the_pool_that_the_story_begins_with() -> None:
    pool = {source.name for source in read_manifest(find_pool(DEMO_POOL)).sources}
    assert pool
    assert pool.isdisjoint(dataset.name for dataset in ALL)


def test_every_file_is_attributed_and_open() -> None:
    with (FOLDER / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {d.file for d in ALL}
    assert all(row["licence"].startswith(("CC BY ", "CC BY-SA ", "MIT", "Apache-2.0")) for row in rows)
    assert all(row["citation"] and row["source"].startswith("https://") and row["commit"] for row in rows)


def test_all_of_it_is_small() -> None:
    assert sum(path.stat().st_size for path in Path(FOLDER).iterdir() if path.is_file()) < 600_000
