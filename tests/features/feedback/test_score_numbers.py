"""Scores as people type them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feedback.numbers import checked_metric, read_score, read_seed
from models.errors import SettingsError
from models.tasks import Task

CLASSES = [Task.CLASSIFICATION, Task.PAIR_CLASSIFICATION]
NUMBERS = [Task.REGRESSION, Task.PAIR_REGRESSION]


@given(st.floats(0.0, 1.0))
def test_a_share_comes_back_as_it_was_typed(value: float) -> None:
    for task in Task:
        assert read_score(repr(value), "score", task, None) == value


@pytest.mark.parametrize("text", ["-0.25", " -1 ", "1", "-1e-3"])
def test_a_correlation_may_be_negative_and_an_accuracy_not(text: str) -> None:
    for task in NUMBERS:
        assert read_score(text, "score", task, "pearson") == float(text)
    for task in CLASSES:
        assert read_score(text, "score", task, "mcc") == float(text)
        if float(text) < 0:
            with pytest.raises(SettingsError, match=r"outside of \[0, 1\]"):
                read_score(text, "score", task, "accuracy")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("87.2", "0.872"), ("100", "share: 1"), ("87.2%", "0.872"), ("1.5", "0.015"), ("0.5%", "0.005")],
)
def test_a_percentage_is_refused_with_the_share(text: str, hint: str) -> None:
    for task in Task:
        with pytest.raises(SettingsError, match="percentage") as caught:
            read_score(text, "baseline", task, None)
        assert hint in caught.value.next_step
        assert "the baseline" in caught.value.what
        assert caught.value.consequence == "nothing was recorded"


def test_a_negative_percentage_is_one_where_scores_may_be_negative() -> None:
    with pytest.raises(SettingsError, match="percentage") as caught:
        read_score("-12.5", "score", Task.REGRESSION, "pearson")
    assert "-0.125" in caught.value.next_step
    with pytest.raises(SettingsError, match="outside"):
        read_score("-12.5", "score", Task.CLASSIFICATION, "accuracy")


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-Infinity", "1e400"])
def test_what_is_not_finite_is_refused(text: str) -> None:
    for task in Task:
        with pytest.raises(SettingsError, match="not finite"):
            read_score(text, "score", task, None)


@pytest.mark.parametrize(
    "text", ["", " ", "good", "0x1", "0.8.1", "1_0", "\u0660\u066b\u0665", "0.8\n0.9", "\x1b[31m0.5", "%"]
)
def test_what_is_no_number_is_refused_and_shown_safely(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_score(text, "score", Task.CLASSIFICATION, None)
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_decimal_comma_is_told() -> None:
    with pytest.raises(SettingsError, match="not a number") as caught:
        read_score("0,872", "score", Task.CLASSIFICATION, None)
    assert "0.872" in caught.value.next_step


@pytest.mark.parametrize("text", ["101", "-101", "1000", "1e9"])
def test_what_is_no_percentage_either_is_outside(text: str) -> None:
    for task in Task:
        with pytest.raises(SettingsError, match="outside"):
            read_score(text, "score", task, None)


@given(st.text(max_size=30))
def test_any_text_is_a_finite_share_or_refused(text: str) -> None:
    for task in Task:
        try:
            value = read_score(text, "score", task, None)
        except SettingsError:
            continue
        assert math.isfinite(value)
        assert (-1.0 if task.is_regression else 0.0) <= value <= 1.0


def test_seeds() -> None:
    assert [read_seed(text) for text in ("", " ", "0", " 7 ", str(2**63 - 1))] == [
        None,
        None,
        0,
        7,
        2**63 - 1,
    ]
    for text in ("-1", "1.0", "one", "\u0663", str(2**63), "9" * 5000, "0x1", "1_0"):
        with pytest.raises(SettingsError, match="whole number"):
            read_seed(text)


def test_metrics() -> None:
    assert checked_metric(None, Task.CLASSIFICATION) == checked_metric(" ", Task.PAIR_CLASSIFICATION)
    assert checked_metric(None, Task.CLASSIFICATION) == "accuracy"
    assert checked_metric(None, Task.PAIR_REGRESSION) == "pearson"
    assert checked_metric("Macro F1", Task.CLASSIFICATION) == "macro_f1"
    for name in ("RMSE", "loss", "cross-entropy"):
        with pytest.raises(SettingsError, match="lower is better"):
            checked_metric(name, Task.REGRESSION)
    for name in ("\x1b[31m", "x" * 65, "'; drop", "..", "é"):
        with pytest.raises(SettingsError, match="no name"):
            checked_metric(name, Task.REGRESSION)
