"""Names made from references are always good names; bad ones are refused with a suggestion that is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.registry.names import check_name, slug_of
from models.errors import NamingError


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        ("org/name", "org-name"),
        ("Org/My.Data_Set", "org-my-data_set"),
        ("imdb", "imdb"),
        ("hf://datasets/org/name", "org-name"),
        ("https://huggingface.co/datasets/org/name", "org-name"),
        ("/data/isear/train.parquet", "isear"),
        ("./labeled_data.csv.gz", "labeled_data"),
        ("C:\\data\\My File (1).CSV", "my-file-1"),
        ("~/sets/tickets/", "tickets"),
        ("train.csv", "train"),
        ("数据.csv", "shu-ju"),
    ],
)
def test_slug(ref: str, slug: str) -> None:
    assert slug_of(ref) == slug


@given(st.text(max_size=400))
def test_every_slug_is_a_name(ref: str) -> None:
    assert check_name(slug_of(ref)) == slug_of(ref)


def test_long_references_that_differ_at_the_end_stay_apart() -> None:
    assert slug_of("x" * 200 + "a.csv") != slug_of("x" * 200 + "b.csv")
    assert slug_of("???") != slug_of("!!!")


@pytest.mark.parametrize("name", ["a", "0", "a-b_c", "x" * 64])
def test_good_names_pass(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "-a", "_a", "a b", "a/b", "../a", "a.b", "x" * 65, "x" * 300, "[/red]", "<script>", "a\n", "a\x1b[31m",
     "'; DROP TABLE x", "é", "a\u202eb"],
)  # fmt: skip
def test_bad_names_are_refused_safely(name: str) -> None:
    with pytest.raises(NamingError) as caught:
        check_name(name)
    message = str(caught.value)
    assert len(message) < 400
    assert all(c.isprintable() for c in message)
    assert "\u202e" not in message
    suggestion = re.search(r"--name ([a-z0-9_-]+)`", message)
    assert suggestion
    assert check_name(suggestion[1]) == suggestion[1]
