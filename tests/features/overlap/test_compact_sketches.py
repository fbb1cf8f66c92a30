"""A twentieth of a source's sketch: what it finds of what the full one finds, and what it does not."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from features.overlap import OverlapSettings, Sketch, compact_sketch, compare, make_sketch
from features.overlap.compact import SIGNATURES
from models.errors import ArtefactError
from models.tasks import Task

S = OverlapSettings()
SYLLABLES = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in ("l", "n", "rk", "st")]


def _texts(n: int, seed: int, words: int = 14) -> list[str]:
    chooser = random.Random(seed)  # noqa: S311 - made-up sentences
    return [" ".join(chooser.choices(SYLLABLES, k=words)) for _ in range(n)]


def _touched(text: str) -> str:
    return text.replace(" ", " really ", 1)


def _sketch(text_a: list[str], text_b: list[str] | None = None) -> Sketch:
    rows = pl.DataFrame(
        {"text_a": text_a, "text_b": text_b or [None] * len(text_a)},
        schema={"text_a": pl.String, "text_b": pl.String},
    )
    return make_sketch(rows, Task.PAIR_CLASSIFICATION if text_b else Task.CLASSIFICATION, S)


def _bytes(sketch: Sketch) -> int:
    return sum(array.nbytes for array in sketch.to_arrays().values())


@pytest.fixture(scope="module")
def source_texts() -> list[str]:
    return _texts(4_000, 1)


@pytest.fixture(scope="module")
def source(source_texts: list[str]) -> Sketch:
    return _sketch(source_texts)


def test_it_is_a_twentieth_and_comes_back_from_disk(source: Sketch) -> None:
    small = compact_sketch(source)
    shipped = _bytes(small) - small.roles.nbytes  # Zeros, which pools leave out.
    assert shipped * 15 < _bytes(source)
    assert len(small.signatures) == SIGNATURES
    again = Sketch.from_arrays(small.to_arrays())
    assert again.key == small.key != source.key
    assert again.is_compact
    assert not source.is_compact
    assert compact_sketch(small) is small


def test_exact_copies_are_found_to_the_text(source: Sketch, source_texts: list[str]) -> None:
    for shared in (0, 3, 20, 400):
        target = _sketch(source_texts[:shared] + _texts(400 - shared, 2))
        full, small = compare(target, source, S), compare(target, compact_sketch(source), S)
        assert small.share_exact == full.share_exact == shared / 400
        assert small.excluded == full.excluded == (shared >= 4)
        assert small.reason == full.reason


def test_a_target_of_touched_copies_is_found(source: Sketch, source_texts: list[str]) -> None:
    target = _sketch([_touched(text) for text in source_texts[:1_000]])
    full, small = compare(target, source, S), compare(target, compact_sketch(source), S)
    assert full.share_near > 0.9
    assert small.excluded
    # 32 are to be expected in the sample, give or take 6.
    assert small.share_near == pytest.approx(full.share_near, abs=0.6)
    assert small.reason.startswith("shares about ")


def test_how_often_a_smaller_part_of_touched_copies_is_found(source_texts: list[str]) -> None:
    """A tenth of 1,000 texts touched: 3.2 are expected in the sample of 4,000, so 2 or more in 83 of 100 cases."""
    small = compact_sketch(_sketch(source_texts))
    found = 0
    for start in range(0, 4_000, 100):
        target = _sketch(
            [_touched(text) for text in source_texts[start : start + 100]] + _texts(900, 7_000 + start)
        )
        found += compare(target, small, S).excluded
    assert 24 <= found <= 40


def test_texts_of_nobody_else_are_never_taken_for_copies(source: Sketch) -> None:
    small = compact_sketch(source)
    for seed in range(10, 20):
        result = compare(_sketch(_texts(500, seed)), small, S)
        assert (result.share, result.excluded) == (0.0, False)


def test_pairs_and_short_texts_are_found_too() -> None:
    first, second = _texts(60, 3), _texts(60, 4)
    small = compact_sketch(_sketch(first, second))
    assert compare(_sketch(second[:30] + _texts(30, 5)), small, S).share_exact == 0.5
    joined = [f"{a} {b}" for a, b in zip(first, second, strict=True)]
    assert compare(_sketch(joined), small, S).share_exact == 1.0
    words = [f"word {n}" for n in range(50)]
    brief = compact_sketch(_sketch(words))
    assert brief.short.dtype == np.uint32
    assert compare(_sketch(words[:25] + [f"other {n}" for n in range(25)]), brief, S).share_exact == 0.5


def test_a_few_texts_keep_all_signatures_so_that_nothing_is_scaled() -> None:
    texts = _texts(100, 6)
    small = compact_sketch(_sketch(texts))
    assert len(small.signatures) == 100
    target = _sketch([_touched(text) for text in texts[:10]] + _texts(90, 8))
    result = compare(target, small, S)
    assert result.share_near == compare(target, _sketch(texts), S).share_near
    assert "about" not in result.reason


def test_halves_beside_whole_hashes_are_a_broken_sketch(source: Sketch) -> None:
    arrays = compact_sketch(source).to_arrays()
    with pytest.raises(ArtefactError, match="'short' is uint64"):
        Sketch.from_arrays({**arrays, "short": arrays["short"].astype(np.uint64)})
