from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.wording import age_in_words, decimals_for, duration_in_words, fixed, joined, plain

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


def test_letters_of_every_script_are_kept() -> None:
    assert plain("数据 العربية é 👩\u200d👧") == "数据 العربية é 👩\u200d👧"


@given(st.floats(min_value=0, max_value=1e11))
def test_a_duration_has_a_unit_and_one_of_anything_is_singular(seconds: float) -> None:
    words = duration_in_words(seconds)
    assert words == "less than a minute" or words.split()[1].rstrip("s") in {"minute", "hour", "day", "year"}
    assert not (words.startswith("1 ") and words.endswith("s"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (86400 * 3, "3 days"),
        (86400 * 800, "2 years"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


def test_a_moment_ahead_of_the_clock_is_said_to_be() -> None:
    assert "ahead of this machine's clock" in age_in_words(datetime(2026, 11, 23, tzinfo=UTC), NOW)


def test_decimals_follow_the_spread() -> None:
    assert decimals_for([0.1, 0.9]) == 4
    assert decimals_for([1.00001, 1.00005]) == 7
    assert decimals_for([1.0, 1.0]) == decimals_for([]) == 4


def test_numbers_are_written_without_a_minus_zero_and_without_endless_figures() -> None:
    assert fixed(-0.00001, 4) == "0.0000"
    assert fixed(-1.5, 2) == "-1.50"
    assert fixed(1.5e12, 4) == "1.5e+12"


def test_long_lists_of_names_end_in_how_many_more() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(list("abcdefg"), limit=3) == "a, b, c and 4 more"
