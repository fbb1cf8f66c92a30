"""Every rule is asked twice; here both answers are held against each other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.gate import GateSettings
from features.gate.rules import RULES, RowRule
from features.gate.session import bad_rows
from features.gate.suite import ask
from models.tasks import Task

ROW_RULES = sorted(name for name, rule in RULES.items() if isinstance(rule, RowRule))
DATASET_RULES = sorted(set(RULES) - set(ROW_RULES))

HAND_MADE = [
    None,
    "",
    "  \t\n",
    "\u200b\ufeff",
    "\x1c",
    "\x85",
    "a",
    "..",
    "😂",
    "an ordinary sentence",
    "an ordinary sentence",
    "caf\ufffd",
    "cafÃ©",
    "itâ€™s",
    "it\x92s",
    "bell\x07",
    "Â£5",
    "São Paulo, garçon, naïve — “quoted”…",
    "https://example.org/a",
    "  https://example.org/a www.b.c ",
    "<br/><p>",
    "see https://example.org/a",
    "a < b and c > d",
    "<3",
    "x" * 30,
    "(a|b)* [^regex]$",
    "line one\nline two",
]

texts = st.one_of(
    st.sampled_from(HAND_MADE),
    st.text(st.characters(exclude_categories=("Cs", "Cn", "Co")), max_size=35),
    st.none(),
)
classes = st.one_of(st.sampled_from(["a", "b", "c", "", " ", "\u200b", "yes\n"]), st.none())
numbers = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 1.0, 2.5, float("nan"), float("inf"), -float("inf")])
)
PARAMS = {
    "long_text": {"max_chars": 20},
    "short_text": {"min_chars": 3},
    "label_range": {"min": 0.0, "max": 2.0},
    "rare_class": {"min_rows": 3},
}


def frame(records, task: Task) -> pl.DataFrame:
    columns = list(zip(*records, strict=True)) or [[], [], [], []]
    return pl.DataFrame(
        {
            "split": pl.Series(columns[0], dtype=pl.String),
            "position": pl.Series(range(len(records)), dtype=pl.Int64),
            "text_a": pl.Series(columns[1], dtype=pl.String),
            "text_b": pl.Series(columns[2], dtype=pl.String),
            "label": pl.Series(columns[3], dtype=pl.Float64 if task.is_regression else pl.String),
        }
    )


def task_of(name: str, *, pair: bool = True) -> Task:
    regression = not RULES[name].applies(Task.PAIR_CLASSIFICATION, {**RULES[name].params, "min": 0})
    if regression:
        return Task.PAIR_REGRESSION if pair else Task.REGRESSION
    return Task.PAIR_CLASSIFICATION if pair else Task.CLASSIFICATION


def row_answers(name: str, rows: pl.DataFrame, task: Task) -> tuple[set[int], set[int]]:
    rule = RULES[name]
    setting = {**GateSettings().source[name], **PARAMS.get(name, {})}
    assert rule.applies(task, setting)
    mask = rows.select(rule.mask(task, setting).alias("m")).to_series()
    assert mask.null_count() == 0
    mine = set(np.flatnonzero(~mask.to_numpy()).tolist())
    results = ask(rows.with_columns(refused=False), task, [(rule, setting)])[name]
    for result in results:
        assert not (result.exception_info or {}).get("raised_exception", False)
    return mine, set().union(*(bad_rows(result) for result in results))


@pytest.mark.parametrize("name", ROW_RULES)
def test_both_refuse_the_same_hand_made_rows(name: str) -> None:
    task = task_of(name)
    labels = (
        [0.0, 3.0, -1.0, float("nan"), float("inf"), None]
        if task.is_regression
        else ["a", "b", "a", "", None]
    )
    records = [
        ("train", a, b, labels[(i + j) % len(labels)])
        for i, a in enumerate(HAND_MADE)
        for j, b in enumerate([None, "an ordinary sentence", "cafÃ©", a])
    ]
    records.append(("train", "once only", "another", 9.0 if task.is_regression else "rare"))
    mine, theirs = row_answers(name, frame(records, task), task)
    assert mine == theirs
    assert 0 < len(mine) < len(records), "the hand-made rows do not put the rule to the test"


@pytest.mark.parametrize("name", ROW_RULES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_both_refuse_the_same_made_up_rows(name: str, data) -> None:
    task = task_of(name, pair=name in ("missing_second_text", "identical_sides") or data.draw(st.booleans()))
    label = numbers if task.is_regression else classes
    row = st.tuples(st.sampled_from(["train", "test"]), texts, texts if task.is_pair else st.none(), label)
    rows = frame(data.draw(st.lists(row, min_size=1, max_size=25)), task)
    mine, theirs = row_answers(name, rows, task)
    assert mine == theirs


def labelled(labels, task: Task) -> pl.DataFrame:
    return frame([("train", f"text {i}", None, label) for i, label in enumerate(labels)], task)


DATASETS = {
    "row_count": (Task.CLASSIFICATION, ["a", "b"] * 10, ["a", "b", "a"]),
    "single_class": (Task.CLASSIFICATION, ["a", "b", "a"], ["a", "a", "a"]),
    "constant_label": (Task.REGRESSION, [0.1, 0.2, 0.1], [0.1, 0.1, 0.1]),
    "majority_share": (Task.CLASSIFICATION, ["a"] * 9 + ["b"], ["a"] * 19 + ["b"]),
    "too_many_classes": (Task.CLASSIFICATION, ["a", "a", "b", "b"], ["a", "b", "c", "c"]),
    "refused_share": (Task.CLASSIFICATION, ["a", "b", None, None], ["a", None, None]),
}


def dataset_answers(name: str, rows: pl.DataFrame, task: Task) -> tuple[bool, bool]:
    rule, setting = RULES[name], GateSettings().source[name]
    flagged = rows.with_columns(refused=pl.col("label").is_null())
    seen = flagged if rule.over == "all" else rows.filter(~flagged["refused"])
    good, _ = rule.verdict(seen, task, setting)
    return good, all(result.success for result in ask(flagged, task, [(rule, setting)])[name])


@pytest.mark.parametrize("name", DATASET_RULES)
def test_both_judge_hand_made_datasets_alike(name: str) -> None:
    task, good, bad = DATASETS[name]
    assert dataset_answers(name, labelled(good, task), task) == (True, True)
    assert dataset_answers(name, labelled(bad, task), task) == (False, False)


@pytest.mark.parametrize("name", DATASET_RULES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_both_judge_made_up_datasets_alike(name: str, data) -> None:
    task = DATASETS[name][0]
    label = (
        st.sampled_from([0.0, 1.0, 2.5, None])
        if task.is_regression
        else st.sampled_from(["a", "b", "c", None])
    )
    labels = [*data.draw(st.lists(label, min_size=1, max_size=30)), 0.0 if task.is_regression else "a"]
    good, theirs = dataset_answers(name, labelled(labels, task), task)
    assert good == theirs


def test_there_are_enough_rules_and_each_has_a_file_of_its_name() -> None:
    assert len(RULES) >= 14
    assert set(DATASETS) == set(DATASET_RULES)
