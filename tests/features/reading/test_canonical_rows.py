"""A version follows content alone; a cap picks the same rows in any order."""

from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.reading import cap_rows, dataset_version
from models.tasks import Task

_texts = st.one_of(st.none(), st.text(max_size=8))


def _rows(cells: list[tuple[str | None, str | None, str | None]], split: str = "train") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "split": [split] * len(cells),
            "position": range(len(cells)),
            "text_a": [c[0] for c in cells],
            "text_b": [c[1] for c in cells],
            "label": [c[2] for c in cells],
        },
        schema={
            "split": pl.String,
            "position": pl.Int64,
            "text_a": pl.String,
            "text_b": pl.String,
            "label": pl.String,
        },
    )


@settings(deadline=None)
@given(st.lists(st.tuples(_texts, _texts, _texts), max_size=12), st.randoms())
def test_order_split_and_position_have_no_say(cells, random) -> None:  # type: ignore[no-untyped-def]
    mixed = list(cells)
    random.shuffle(mixed)
    version = dataset_version(_rows(cells), Task.CLASSIFICATION)
    assert dataset_version(_rows(mixed, "test"), Task.CLASSIFICATION) == version
    assert len(version) == 32
    assert int(version, 16) >= 0


@settings(deadline=None)
@given(*[st.lists(st.tuples(_texts, _texts, _texts), max_size=6)] * 2)
def test_other_content_is_another_version(a, b) -> None:  # type: ignore[no-untyped-def]
    same = sorted(map(repr, a)) == sorted(map(repr, b))
    versions = {dataset_version(_rows(cells), Task.CLASSIFICATION) for cells in (a, b)}
    assert len(versions) == (1 if same else 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([(None, None, "x")], [("", None, "x")]),
        ([("ab", "c", "x")], [("a", "bc", "x")]),
        ([("a", None, "x")], [(None, "a", "x")]),
        ([("-", None, "x")], [(None, None, "x")]),
        ([("a", None, "x")], [("a", None, "x")] * 2),
        ([("s1:a", None, "x")], [("a", None, "x")]),
    ],
)
def test_look_alikes_differ(one: list, other: list) -> None:  # type: ignore[type-arg]
    assert dataset_version(_rows(one), Task.CLASSIFICATION) != dataset_version(
        _rows(other), Task.CLASSIFICATION
    )


def test_task_and_type_of_label_count_and_signed_zero_does_not() -> None:
    text, number = (
        _rows([("a", None, "1.0")]),
        _rows([("a", None, "1.0")]).with_columns(pl.col("label").cast(float)),
    )
    assert dataset_version(text, Task.CLASSIFICATION) != dataset_version(number, Task.CLASSIFICATION)
    assert dataset_version(number, Task.REGRESSION) != dataset_version(number, Task.PAIR_REGRESSION)
    plus, minus = (number.with_columns(label=pl.lit(value)) for value in (0.0, -0.0))
    assert dataset_version(plus, Task.REGRESSION) == dataset_version(minus, Task.REGRESSION)


def test_the_layout_is_pinned() -> None:
    rows = _rows([("héllo", None, "a"), ("b", "c", None)])
    assert dataset_version(rows, Task.CLASSIFICATION) == "fc7e3dbe779a43e992578bd39919b1f3"


def test_ten_thousand_rows_take_no_time() -> None:
    rows = _rows([(f"a sentence of a usual length, number {n}", None, str(n % 7)) for n in range(10_000)])
    start = time.process_time()
    dataset_version(rows, Task.CLASSIFICATION)
    assert time.process_time() - start < 0.3


def test_cap_picks_the_same_rows_in_any_order() -> None:
    rows = _rows([(f"text {n % 400}", None, str(n % 5)) for n in range(500)])
    content = ["text_a", "label"]
    picked = cap_rows(rows, 100, seed=1)
    assert picked.height == 100
    assert picked.columns == rows.columns
    shuffled = cap_rows(rows.sample(fraction=1.0, shuffle=True, seed=9), 100, seed=1)
    assert picked.equals(shuffled)
    assert not picked.select(content).equals(cap_rows(rows, 100, seed=2).select(content))
    assert cap_rows(rows, 1000, seed=1).height == 500
    assert rows["position"].to_list() == list(range(500))


def test_cap_keeps_most_of_its_pick_when_rows_are_added() -> None:
    rows = _rows([(f"text {n}", None, "x") for n in range(1000)])
    before = set(cap_rows(rows.head(900), 200, seed=0)["text_a"])
    after = set(cap_rows(rows, 200, seed=0)["text_a"])
    assert len(before & after) > 160


def test_cap_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cap_rows(_rows([]), 0, seed=0)
