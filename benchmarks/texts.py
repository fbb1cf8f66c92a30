"""Real texts for the benchmarks: what the demo bundles, and the team's datasets where there are some."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from flows.demo.datasets import DEMO_EXTRA, DEMO_SOURCES, DEMO_TARGETS, demo_path

__all__ = ["bundled_texts", "datasets_folder", "joined_texts", "short_texts"]


def datasets_folder() -> Path:
    """Where larger datasets lie: ``$SPRINGBOARD_DATASETS``, else ``../shared/datasets`` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    return Path(os.environ.get("SPRINGBOARD_DATASETS", beside))


@cache
def bundled_texts() -> dict[str, list[str]]:
    """Dataset name -> its first texts, of every dataset bundled with the demo."""
    from features.reading import read_dataset

    return {
        one.name: read_dataset(str(demo_path(one)), one.options).rows["text_a"].to_list()
        for one in (*DEMO_SOURCES, *DEMO_TARGETS, *DEMO_EXTRA)
    }


def short_texts(count: int, without: tuple[str, ...] = ()) -> list[str]:
    """Distinct real texts of about 10 words, taken in turn from every bundled dataset but those named."""
    columns = [list(dict.fromkeys(texts)) for name, texts in bundled_texts().items() if name not in without]
    longest = max(map(len, columns))
    turns = [column[i] for i in range(longest) for column in columns if i < len(column)]
    return list(dict.fromkeys(turns))[:count]


def joined_texts(count: int, words: tuple[int, ...] = (30, 50, 70, 90, 120, 200)) -> list[str]:
    """Long texts: real ones of one dataset after another until they have as many words as ``words`` says."""
    texts: list[str] = []
    for column in bundled_texts().values():
        parts: list[str] = []
        for text in column:
            parts.append(text)
            wanted = words[len(texts) % len(words)]
            if sum(len(part.split()) for part in parts) >= wanted:
                texts.append(" ".join(parts))
                parts = []
    step = max(1, len(texts) // count)
    return texts[::step][:count]
