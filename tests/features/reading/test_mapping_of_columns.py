"""Texts, label and task are found from names and contents, or the message says what to type."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from features.reading import ReadDataset, ReadOptions, read_dataset
from models.errors import MappingError
from models.tasks import Task

N = 60
PROSE = [f"the number {n} is written in this sentence" for n in range(N)]
OTHER = [f"another sentence is about {n * 7} things" for n in range(N)]
CLASSES = ["yes", "no", "maybe"] * (N // 3)
IDS = list(range(N))


def _read(
    tmp_path: Path, columns: dict[str, list[object]], options: ReadOptions | None = None
) -> ReadDataset:
    pl.DataFrame(columns, strict=False).write_parquet(tmp_path / "d.parquet")
    return read_dataset(str(tmp_path / "d.parquet"), options or ReadOptions())


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        ({"text": PROSE, "label": CLASSES}, ("text",), "label"),
        ({"id": IDS, "tweet": PROSE, "sentiment": CLASSES}, ("tweet",), "sentiment"),
        ({"premise": PROSE, "hypothesis": OTHER, "gold_label": CLASSES}, ("premise", "hypothesis"), "gold_label"),
        ({"label": CLASSES, "sentence2": OTHER, "sentence1": PROSE}, ("sentence1", "sentence2"), "label"),
        ({"question1": PROSE, "question2": OTHER, "is_duplicate": [0, 1] * 30}, ("question1", "question2"),
         "is_duplicate"),
        ({"title": OTHER, "text": PROSE, "category": CLASSES}, ("text",), "category"),
        ({"headline_url": [f"http://x.org/{n}" for n in IDS], "body": PROSE, "class": CLASSES}, ("body",), "class"),
        ({"v1": PROSE, "v2": CLASSES, "v3": IDS}, ("v1",), "v2"),
        ({"text": PROSE, "topic": CLASSES, "label_bias": CLASSES[::-1]}, ("text",), "label_bias"),
        ({"text": PROSE, "labelBias": CLASSES, "annotator_id": IDS}, ("text",), "labelBias"),
        ({"text": ["good", "bad", "fine"] * 20, "label": CLASSES}, ("text",), "label"),
    ],
)  # fmt: skip
def test_found(tmp_path: Path, columns: dict[str, list[object]], text: tuple[str, ...], label: str) -> None:
    read = _read(tmp_path, columns)
    assert (read.mapping.text, read.mapping.label) == (text, label)
    assert all(read.mapping.why[choice] for choice in ("text", "label", "task"))
    assert read.mapping.show()[1].startswith(f"label: '{label}'")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"a": PROSE, "b": OTHER, "label": CLASSES}, "--text a --label"),
        ({"text": PROSE, "V": CLASSES, "A": CLASSES[::-1]}, "--text text --label V"),
        (
            {"tweet": PROSE, "subtask_a": CLASSES, "subtask_b": CLASSES[::-1]},
            "--text tweet --label subtask_a",
        ),
        ({"text": PROSE, "label_bias": CLASSES, "label_opinion": CLASSES}, "--label label_bias"),
        ({"text": PROSE, "id": IDS}, "No column looks like the label"),
        ({"text": PROSE}, "no column besides 'text'"),
        ({"statement": PROSE, "F-score": [0.5, 1.5] * 30, "my score": [1.5, 0.5] * 30}, "--label F-score"),
        ({"text": PROSE, "x'; rm -rf": CLASSES, "z": CLASSES}, """--label 'x'"'"'; rm -rf'"""),
    ],
)
def test_unclear(tmp_path: Path, columns: dict[str, list[object]], says: str) -> None:
    with pytest.raises(MappingError) as caught:
        _read(tmp_path, columns)
    assert says in str(caught.value)


def test_absent_column_gets_a_suggestion_and_the_list(tmp_path: Path) -> None:
    with pytest.raises(
        MappingError, match=r"no column 'tweets'.*'tweet', 'mood'.*did you mean 'tweet'\?.*--text"
    ):
        _read(tmp_path, {"tweet": PROSE, "mood": CLASSES}, ReadOptions(text=("tweets",), label="mood"))


@pytest.mark.parametrize(
    ("labels", "task", "first"),
    [
        ([0.5, 1.25, 2.0] * 20, Task.REGRESSION, 0.5),
        ([1.0, 2.0, None] * 20, Task.CLASSIFICATION, "1"),
        ([1.0, 2.0, 3.0] * 20, Task.REGRESSION, 1.0),
        ([3, 1, 2] * 20, Task.CLASSIFICATION, "3"),
        ([n * 13 for n in range(N)][::-1], Task.REGRESSION, 767.0),
        ([True, False] * 30, Task.CLASSIFICATION, "true"),
        ([" yes ", "no"] * 30, Task.CLASSIFICATION, "yes"),
    ],
)
def test_task_follows_the_labels(tmp_path: Path, labels: list[object], task: Task, first: object) -> None:
    read = _read(tmp_path, {"text": PROSE, "label": labels})
    assert read.task is task
    assert read.rows["label"][0] == first
    assert read.rows.schema["label"] == (pl.Float64 if task.is_regression else pl.String)


def test_the_callers_task_wins(tmp_path: Path) -> None:
    stars = {"text": PROSE, "stars": [1, 2, 3, 4, 5] * 12}
    assert _read(tmp_path, stars).task is Task.CLASSIFICATION
    read = _read(tmp_path, stars, ReadOptions(task=Task.REGRESSION))
    assert read.rows["label"].to_list()[:3] == [1.0, 2.0, 3.0]
    with pytest.raises(MappingError, match="needs two text columns"):
        _read(tmp_path, stars, ReadOptions(task=Task.PAIR_REGRESSION))
    with pytest.raises(
        MappingError, match="Regression needs numbers, and the column 'label' holds 'maybe', 'no', 'yes'"
    ):
        _read(tmp_path, {"text": PROSE, "label": CLASSES}, ReadOptions(task=Task.REGRESSION))


def test_missing_labels_are_null_and_minus_one_only_when_declared(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"text": PROSE, "label": ["-1", "", None, "  ", "a", "b"] * 10}
    assert _read(tmp_path, columns).rows["label"].null_count() == 30
    declared = _read(tmp_path, columns, ReadOptions(missing_labels=("-1",)))
    assert declared.rows["label"].null_count() == 40
    assert declared.origin["missing_labels"] == {"-1": 10}
    numbers = _read(tmp_path, {"text": PROSE, "label": [-1, 0, 1] * 20}, ReadOptions(missing_labels=("-1",)))
    assert set(numbers.rows["label"].drop_nulls()) == {"0", "1"}


def test_no_label_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="has no label in any of its 60 rows"):
        _read(tmp_path, {"text": PROSE, "label": [None] * N}, ReadOptions(text=("text",), label="label"))


def test_nested_values_are_reached_by_dotted_paths(tmp_path: Path) -> None:
    rows: dict[str, list[object]] = {
        "context": [[f"context {n} a", f"context {n} b"] for n in IDS],
        "meta": [{"label": c, "inner": {"note": "x"}} for c in CLASSES],
    }
    read = _read(tmp_path, rows, ReadOptions(text=("context.1",), label="meta.label"))
    assert read.rows["text_a"][3] == "context 3 b"
    assert read.rows["label"].to_list() == CLASSES
    with pytest.raises(MappingError, match="leads to no value"):
        _read(tmp_path, rows, ReadOptions(text=("context.9",), label="meta.label"))
