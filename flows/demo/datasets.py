"""The demo's real datasets: small samples, some of them in the shapes that datasets are published in."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from features.reading import ReadOptions

__all__ = ["DEMO_EXTRA", "DEMO_SOURCES", "DEMO_TARGETS", "DemoDataset", "demo_path", "licence_of"]


@dataclass(frozen=True)
class DemoDataset:
    """One bundled dataset.

    Parameters
    ----------
    name
        The name it is registered under.
    file
        Its file in ``flows/demo/data``.
    options
        What reading has to be told; empty where everything is found from the data.
    """

    name: str
    file: str
    options: ReadOptions = field(default_factory=ReadOptions)


DEMO_SOURCES: tuple[DemoDataset, ...] = (
    DemoDataset("emobank-valence", "emobank_valence.csv"),
    DemoDataset("news-valence", "vader_nyt.tsv"),
    DemoDataset(
        "assistant-intents", "clinc150.jsonl", ReadOptions(text=("utterance",), label="annotation.intent")
    ),
    DemoDataset("headlines", "clickbait.parquet"),
    DemoDataset("crisis-tweets", "crisislex_informativeness.csv"),
    DemoDataset("nli", "cad_nli.parquet"),
    DemoDataset("commonsense", "comve_validation.parquet"),
)
"""What the targets choose from: sentiment and intents, beside tasks that have little to do with either."""

DEMO_TARGETS: tuple[DemoDataset, ...] = (
    DemoDataset("tweet-valence", "vader_tweets.parquet"),
    DemoDataset("banking-intents", "banking77.parquet"),
)
"""Small tasks to be solved."""

DEMO_EXTRA: tuple[DemoDataset, ...] = (
    DemoDataset("product-valence", "vader_amazon.parquet"),
    DemoDataset("monotonicity", "med_monotonicity.parquet"),
)
"""Sources that arrive later, so that rankings become stale and are made anew."""


def licence_of(dataset: DemoDataset) -> str:
    """Return the licence that ``ATTRIBUTION.csv`` names for a bundled dataset."""
    with (Path(__file__).parent / "data" / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as table:
        licences = {row["file"]: row["licence"] for row in csv.DictReader(table)}
    return licences[dataset.file]


def demo_path(dataset: DemoDataset) -> Path:
    """Return where a bundled dataset lies in the installed package."""
    return Path(__file__).parent / "data" / dataset.file
