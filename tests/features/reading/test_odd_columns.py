"""Columns of kinds and sizes that few datasets have are read like any other."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from features.reading import ReadOptions, names_known, read_dataset
from features.reading.columns import item_columns
from features.reading.labels import clean_labels
from features.reading.names_known import pairs_among
from features.reading.profile import profiles_of
from features.reading.table import Table

TEXTS = [f"this is sentence number {n} of a few" for n in range(60)]


def test_a_column_of_durations_is_text(tmp_path: Path) -> None:
    took = [None, *(timedelta(seconds=n % 3, milliseconds=5) for n in range(59))]
    frame = pl.DataFrame({"text": TEXTS, "label": ["a", "b", "c"] * 20, "took": took})
    frame.write_parquet(tmp_path / "d.parquet")
    assert read_dataset(str(tmp_path / "d.parquet")).mapping.label == "label"
    read = read_dataset(str(tmp_path / "d.parquet"), ReadOptions(text=("text",), label="took"))
    assert set(read.rows["label"]) == {None, "5ms", "1s 5ms", "2s 5ms"}


def test_labels_of_nan_and_infinity_are_read_for_the_gate_to_judge(tmp_path: Path) -> None:
    numbers = ["NaN" if n % 3 else "Infinity" if n % 2 else "-Infinity" for n in range(60)]
    lines = [
        f'{{"text": {json.dumps(text)}, "label": {label}}}'
        for text, label in zip(TEXTS, numbers, strict=True)
    ]
    (tmp_path / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    labels = read_dataset(str(tmp_path / "d.jsonl")).rows["label"]
    assert set(labels) == {None, float("inf"), float("-inf")}


@pytest.mark.parametrize("huge", [float("inf"), 1e300, -(2.0**64)])
def test_numbers_beyond_whole_ones_beside_gaps_stay_decimal(huge: float) -> None:
    labels = clean_labels(pl.Series([1.0, huge, None]), untyped=False, names=None, missing=())
    assert (labels.kind, labels.values.to_list()) == ("float", [1.0, huge, None])
    whole = clean_labels(pl.Series([1.0, 3.0, None]), untyped=False, names=None, missing=())
    assert (whole.kind, whole.values.to_list()) == ("int", ["1", "3", None])


def test_a_wide_table_is_looked_at_once_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking the frame for each column by its name goes through all of them every time: minutes for 20,000."""
    frame = pl.DataFrame({f"c{n}": ["1", "2"] for n in range(300)} | {"many": ['["a", "b"]', '["c"]']})
    table = Table(frame, untyped=True, nested=frozenset({"many"}))
    asked = 0
    schema = pl.DataFrame.schema.fget  # type: ignore[attr-defined]

    def counted(self: pl.DataFrame) -> pl.Schema:
        nonlocal asked
        asked += self.width > 100
        return schema(self)  # type: ignore[no-any-return]

    monkeypatch.setattr(pl.DataFrame, "schema", property(counted))
    assert [one.name for one in profiles_of(table)] == [f"c{n}" for n in range(300)]
    assert item_columns(table) == ["many.*"]
    assert asked == 0


def test_names_of_pairs_are_looked_up_and_not_compared_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0
    parts = names_known._parts

    def counted(name: str) -> list[str]:
        nonlocal looked
        looked += 1
        return parts(name)

    monkeypatch.setattr(names_known, "_parts", counted)
    names = [f"column{n}x" for n in range(300)]
    told = ["premise", "Hypothesis", "sentence1", "sentence_2", "left_text", "right_text", "text1"]
    found = [("premise", "Hypothesis"), ("sentence1", "sentence_2"), ("left_text", "right_text")]
    assert sorted(pairs_among([*names, *told])) == sorted(found)
    assert looked == len(names) + len(told)
