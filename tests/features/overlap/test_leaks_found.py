"""Copies of a target's texts hidden in a source, in all the ways copies are usually altered."""

from __future__ import annotations

import random

import polars as pl
import pytest

from features.overlap import (
    OverlapSettings,
    compare,
    compare_many,
    find_examples,
    make_sketch,
    normalise_text,
)
from models.errors import ArtefactError
from models.tasks import Task

S = OverlapSettings()
WORDS = [
    f"{a}{b}{c}"
    for a in "bdfgklmnprst"
    for b in ("a", "e", "i", "ou")
    for c in ("l", "n", "rk", "st", "ther")
]


def sentences(n, seed, words=14):
    chooser = random.Random(seed)  # noqa: S311 - made-up sentences
    return [" ".join(chooser.choices(WORDS, k=words)).capitalize() + "." for _ in range(n)]


def rows(text_a, text_b=None, split="train") -> pl.DataFrame:
    n = len(text_a)
    return pl.DataFrame(
        {
            "split": pl.Series([split] * n, dtype=pl.String),
            "position": pl.Series(range(n), dtype=pl.Int64),
            "text_a": pl.Series(text_a, dtype=pl.String),
            "text_b": pl.Series(text_b or [None] * n, dtype=pl.String),
            "label": pl.Series(["a"] * n, dtype=pl.String),
        }
    )


def single(texts, settings=S):
    return make_sketch(rows(texts), Task.CLASSIFICATION, settings)


def pairs(text_a, text_b):
    return make_sketch(rows(text_a, text_b), Task.PAIR_CLASSIFICATION, S)


def insert_word(text):
    words = text.split()
    return " ".join([*words[:6], "really", *words[6:]])


ALTERED = {
    "as it is": lambda t: t,
    "case": str.upper,
    "punctuation": lambda t: t.replace(" ", ", ", 3).replace(".", "!!"),
    "whitespace": lambda t: "  " + t.replace(" ", "\t\n ") + "\u00a0",
    "full-width": lambda t: "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in t),
    "entities": lambda t: t.replace(".", " &hellip;"),
    "tokenised": lambda t: t.replace(".", " ."),
    "mention and link": lambda t: f"@somebody {t} https://t.co/abc",
    "a word inserted": insert_word,
    "truncated": lambda t: t[: int(len(t) * 0.75)],
    "a typo": lambda t: t[:20] + "z" + t[21:],
}
EXACT = {
    "as it is",
    "case",
    "punctuation",
    "whitespace",
    "full-width",
    "entities",
    "tokenised",
    "mention and link",
}


@pytest.fixture(scope="module")
def crowd():
    return sentences(20_000, seed=99)


@pytest.mark.parametrize("how", ALTERED)
def test_altered_copies_are_found(how) -> None:
    texts = sentences(60, seed=1)
    found = compare(single(texts), single(sentences(300, 2) + [ALTERED[how](t) for t in texts]), S)
    assert found.excluded
    if how in EXACT:
        assert found.share_exact == 1.0
    else:
        assert found.share_exact == 0.0
        assert found.share_near >= 0.9


def test_a_small_target_hidden_in_a_large_source(crowd) -> None:
    texts = sentences(20, seed=1)
    hidden = [*crowd[:7000], *map(insert_word, texts[:10]), *crowd[7000:], *map(str.upper, texts[10:15])]
    found = compare(single(texts), single(hidden), S)
    assert (found.shared_texts, found.distinct_target) == (15, 20)
    assert found.share_exact == 0.25
    assert "shares 15 of the target's 20 distinct texts (75.0%)" in found.reason


def test_different_texts_share_nothing(crowd) -> None:
    found = compare(single(sentences(500, seed=1)), single(crowd), S)
    assert found.shared_texts == 0
    assert not found.excluded
    assert found.reason == ""


def test_shares_are_of_the_target() -> None:
    small, large = sentences(50, seed=1), sentences(1000, seed=2) + sentences(50, seed=1)
    assert compare(single(small), single(large), S).share == 1.0
    assert compare(single(large), single(small), S).share == pytest.approx(50 / 1050)


def test_repeated_texts_count_once() -> None:
    texts = sentences(50, seed=1)
    found = compare(single(texts + texts[:1] * 500), single(texts[:1]), S)
    assert (found.shared_texts, found.distinct_target) == (1, 50)


def test_one_common_sentence_is_a_coincidence() -> None:
    texts = sentences(20, seed=1)
    found = compare(single(texts), single([*sentences(99, 2), texts[0]]), S)
    assert found.share == 0.05
    assert not found.excluded


def test_short_texts_of_a_dataset_of_sentences_do_not_count() -> None:
    chatter = ["Yes.", "Okay!", "I see.", "Right?"]
    found = compare(single(sentences(50, 1) + chatter), single(sentences(50, 2) + chatter), S)
    assert found.shared_texts == 0


def test_a_dataset_of_short_texts_is_compared_by_them() -> None:
    mine = [f"{a} {b}" for a in WORDS[:20] for b in WORDS[20:30]]
    found = compare(single(mine), single([t.upper() for t in mine[:100]]), S)
    assert found.share == pytest.approx(0.5)
    assert found.excluded


def test_short_second_texts_never_count_but_a_shared_premise_does() -> None:
    mine, other = sentences(60, seed=1), sentences(60, seed=2)
    aspects = ["food", "service", "price"] * 20
    assert compare(pairs(mine, aspects), pairs(other, aspects), S).shared_texts == 0
    assert compare(pairs(mine, aspects), single(mine), S).share == 1.0
    assert compare(single(mine), pairs(mine, aspects), S).share == 1.0
    assert compare(single(mine), pairs(other, mine), S).share == 1.0


def test_a_pair_written_as_one_text_is_found() -> None:
    mine, aspects = ["short one here"] * 60, sentences(60, seed=3)
    joined = [f"{a} {b}" for a, b in zip(mine, aspects, strict=True)]
    found = compare(pairs(mine, aspects), single(joined), S)
    assert found.share == 1.0


def test_leaks_through_any_split() -> None:
    texts = sentences(30, seed=1)
    source = pl.concat([rows(sentences(30, 2)), rows(texts, split="test")])
    assert compare(single(texts), make_sketch(source, Task.CLASSIFICATION, S), S).share == 1.0


def test_examples_show_what_is_shared() -> None:
    texts = sentences(30, seed=1)
    found = compare(single(texts), single([texts[4].upper(), insert_word(texts[9])]), S)
    assert find_examples(rows(texts), found) == [texts[4], texts[9]]
    assert find_examples(rows(texts), found, limit=1) == [texts[4]]


def test_templates_that_are_all_alike_stay_cheap() -> None:
    template = "I would like to say that a {} person is a wonderful human being, always and everywhere"
    mine = single([template.format(word) for word in WORDS])
    theirs = single([template.format(word + "ish") for word in WORDS])
    assert compare(mine, theirs, S).share_near > 0.9


def test_many_sources_at_once_answer_as_one_by_one() -> None:
    texts = sentences(40, seed=1)
    sources = {"none": single(sentences(40, 2)), "half": single(texts[:20]), "empty": single([])}
    many = compare_many(single(texts), sources, S)
    assert [many[name].share for name in sources] == [0.0, 0.5, 0.0]
    assert compare(single([]), sources["half"], S).share == 0.0


def test_sketches_of_other_settings_are_not_compared() -> None:
    texts = sentences(5, seed=1)
    with pytest.raises(ArtefactError, match="different overlap settings"):
        compare(single(texts), single(texts, OverlapSettings(seed=2)), S)


def test_thresholds_may_differ_without_a_new_sketch() -> None:
    texts = sentences(50, seed=1)
    target, source = single(texts), single(texts[:5])
    assert compare(target, source, S).excluded
    assert not compare(target, source, OverlapSettings(threshold=0.5)).excluded


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("@bob hello  WORLD!", "@user Hello, world"),
        ("see http://a.b/c?d=e now", "see www.x.org now"),
        ("Stra\u00dfe \ufb01n", "STRASSE fin"),
        ("a &amp; b", "A & B"),
    ],
)
def test_normal_forms(left, right) -> None:
    assert normalise_text(left) == normalise_text(right) != ""
