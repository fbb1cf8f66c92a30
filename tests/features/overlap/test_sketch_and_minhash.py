from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.overlap import OverlapSettings, Sketch, make_sketch
from features.overlap.minhash import N_PERM, estimate_jaccard, shingle_hashes, sign_texts
from models.errors import ArtefactError
from models.tasks import Task

S = OverlapSettings()
TEXTS = [f"this is the sentence that carries number {i} and nothing else" for i in range(30)]


def frame(texts) -> pl.DataFrame:
    n = len(texts)
    return pl.DataFrame(
        {
            "split": ["train"] * n,
            "position": range(n),
            "text_a": pl.Series(texts, dtype=pl.String),
            "text_b": pl.Series([None] * n, dtype=pl.String),
            "label": ["a"] * n,
        }
    )


def sketch(texts, options=S) -> Sketch:
    return make_sketch(frame(texts), Task.CLASSIFICATION, options)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("abcdé漢", min_size=5, max_size=40), min_size=1, max_size=8))
def test_signatures_are_datasketch_s(texts) -> None:
    from datasketch import MinHash

    hashes, starts = shingle_hashes(texts, 5)
    signed = sign_texts(texts, shingle=5, seed=3)
    for row, part in enumerate(np.split(hashes, starts[1:])):
        reference = MinHash(num_perm=N_PERM, seed=3, scheme="affine32", hashfunc=int)
        reference.update_batch([int(value) for value in part])
        assert (reference.hashvalues & 0xFF).astype(np.uint8).tolist() == signed[row].tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab漢", min_size=5, max_size=20), min_size=1, max_size=6))
def test_shingles_never_cross_texts_and_equal_shingles_hash_alike(texts) -> None:
    hashes, starts = shingle_hashes(texts, 5)
    seen: dict[str, int] = {}
    for text, part in zip(texts, np.split(hashes, starts[1:]), strict=True):
        windows = [text[i : i + 5] for i in range(len(text) - 4)]
        assert len(part) == len(windows)
        for window, value in zip(windows, part.tolist(), strict=True):
            assert seen.setdefault(window, value) == value


def test_the_estimate_is_near_the_true_similarity() -> None:
    rng = np.random.default_rng(0)
    base = "".join(rng.choice(list("abcdefghijklmnop"), 400))
    for keep in (400, 300, 200):
        other = base[:keep] + "".join(rng.choice(list("qrstuvwxyz"), 400 - keep))
        left = {base[i : i + 5] for i in range(396)}
        right = {other[i : i + 5] for i in range(396)}
        true = len(left & right) / len(left | right)
        signed = sign_texts([base, other], shingle=5, seed=1)
        assert estimate_jaccard(signed[:1], signed[1:])[0] == pytest.approx(true, abs=0.15)


def test_chunks_do_not_change_a_signature(monkeypatch) -> None:
    whole = sign_texts(TEXTS, shingle=5, seed=1)
    monkeypatch.setattr("features.overlap.minhash._CHUNK_CHARS", 100)
    assert np.array_equal(sign_texts(TEXTS, shingle=5, seed=1), whole)


def test_a_sketch_depends_on_the_texts_and_nothing_else() -> None:
    one = sketch(TEXTS)
    assert one.key == sketch(TEXTS[::-1] + TEXTS[:3]).key
    assert one.key != sketch(TEXTS[:-1]).key
    assert one.key != sketch(TEXTS, OverlapSettings(seed=9)).key


def test_arrays_survive_safetensors(tmp_path) -> None:
    from safetensors.numpy import load_file, save_file

    one = sketch([*TEXTS, "short one"])
    save_file({name: np.ascontiguousarray(array) for name, array in one.to_arrays().items()}, tmp_path / "s")
    back = Sketch.from_arrays(load_file(tmp_path / "s"))
    assert back.key == one.key
    assert (one.exact.dtype, one.signatures.shape, one.short.shape) == (np.uint64, (30, 128), (1,))


@pytest.mark.parametrize(
    "harm",
    [
        lambda arrays: arrays.pop("roles"),
        lambda arrays: arrays.update(exact=arrays["exact"].astype(np.int64)),
        lambda arrays: arrays.update(signatures=arrays["signatures"][:, :64]),
        lambda arrays: arrays.update(roles=arrays["roles"][:3]),
        lambda arrays: arrays.update(params=arrays["params"] + 1),
    ],
)
def test_a_harmed_sketch_is_refused(harm) -> None:
    arrays = dict(sketch(TEXTS).to_arrays())
    harm(arrays)
    with pytest.raises(ArtefactError, match=r"sketch.*Next:"):
        Sketch.from_arrays(arrays)


def test_missing_and_strange_texts_do_no_harm() -> None:
    odd = [None, "", "   ", "\x00" * 50, "!" * 500, "\U0001f600" * 30, "漢" * 40]
    assert len(sketch(odd).exact) == 1  # only the last holds letters
    assert len(sketch([]).exact) == 0


def test_more_texts_than_are_signed_are_still_compared_exactly() -> None:
    few = sketch(TEXTS, OverlapSettings(max_texts=10))
    assert few.signatures.shape == (10, 128)
    assert len(few.exact) == 30


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least shingle"):
        OverlapSettings(min_chars=3)
    with pytest.raises(ValidationError):
        OverlapSettings(threshold=0)
    with pytest.raises(ValidationError):
        OverlapSettings(treshold=0.1)
