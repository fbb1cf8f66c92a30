"""The rows of a matrix, from a file as it travels to another machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.transfer import rows
from benchmarks.transfer.chosen import CHECKED_ROWS


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A target with 450 rows to train and choose on, and 3 to test on."""

    def record(n: int, word: str) -> dict:
        texts = [f"{word} {i}" for i in range(n)]
        return {
            "task": "classification",
            "text_a": texts,
            "text_b": None,
            "labels": [i % 2 for i in range(n)],
        }

    content = {"sources": {}, "targets": {"t": {"taught": record(450, "taught"), "test": record(3, "test")}}}
    with gzip.open(tmp_path / "rows.json.gz", "wt") as file:
        json.dump({**content, "groups": []}, file)
    monkeypatch.setenv(rows.BUNDLE, str(tmp_path / "rows.json.gz"))
    _forget()
    yield
    _forget()


def _forget() -> None:
    rows._bundle.cache_clear()
    rows.target_rows.cache_clear()


@pytest.mark.usefixtures("bundle")
def test_rows_that_are_trained_on_are_not_chosen_on() -> None:
    found = rows.target_rows("t", 100)
    assert (len(found.training), len(found.checked), len(found.test)) == (100, CHECKED_ROWS, 3)
    assert not set(found.training.text_a) & set(found.checked.text_a)
    assert rows.target_rows("t", 50).training.text_a == found.training.text_a[:50]


@pytest.mark.usefixtures("bundle")
def test_a_target_with_too_few_rows_is_refused_and_not_cut_in_silence() -> None:
    assert len(rows.target_rows("t", 150).checked) == CHECKED_ROWS
    with pytest.raises(ValueError, match="t has 450 rows to train and choose on here, and 451 are needed"):
        rows.target_rows("t", 151)
