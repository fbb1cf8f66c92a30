"""The exchange format, on what `hf-dataset-selector` 0.2.1 wrote (benchmarks/exchange/reference.py made data/)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from models.errors import ArtefactError
from models.esm import ESM
from models.esm.exchange import ExchangeConfig, read_exchange, reference_pooling, write_exchange

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
CONFIG = ExchangeConfig("google-bert/bert-base-uncased", "org/data", pooling="pooler")


def _low_rank(d: int = 12, r: int = 3, seed: int = 0) -> ESM:
    rng = np.random.default_rng(seed)
    u, v, b = rng.normal(size=(d, r)), rng.normal(size=(d, r)), rng.normal(size=d)
    return ESM(u, v, b, r, 0.1, 1.0, 2.0, 0.5)


@pytest.mark.parametrize("layout", ["linear", "sequential"])
def test_what_the_package_wrote_maps_as_it_maps(layout: str) -> None:
    found = read_exchange(DATA / layout)
    assert found.layout == layout
    rows = np.array(EXPECTED["rows"])
    np.testing.assert_allclose(found.esm.apply(rows), EXPECTED[layout], atol=2e-6)
    assert not np.allclose(rows, EXPECTED[layout], atol=0.1)
    assert found.config == ExchangeConfig(
        base_model="google-bert/bert-base-uncased",
        task_id="nyu-mll/glue",
        task_subset="mrpc",
        task_split="train",
        text_columns=("sentence1", "sentence2"),
        label_column="label",
        num_examples=3668,
        version="0.2.1" if layout == "linear" else "0.1.0",
    )


def test_it_says_nothing_that_was_not_measured() -> None:
    esm = read_exchange(DATA / "linear").esm
    figures = [esm.strength, esm.heldout_error, esm.identity_error, esm.heldout_r2]
    assert np.isnan(figures).all()


def test_a_low_rank_map_goes_out_in_full_and_comes_back_as_small_as_it_was(tmp_path: Path) -> None:
    esm = _low_rank()
    write_exchange(tmp_path / "out", esm, CONFIG)
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert {name: (array.shape, array.dtype.name) for name, array in weights.items()} == {
        "model.weight": ((12, 12), "float32"),
        "model.bias": ((12,), "float32"),
    }
    rows = np.random.default_rng(1).normal(size=(7, 12))
    linear = rows @ weights["model.weight"].T.astype(np.float64) + weights["model.bias"]
    np.testing.assert_allclose(linear, esm.apply(rows), atol=1e-5)
    back = read_exchange(tmp_path / "out")
    assert back.esm.rank == 3
    np.testing.assert_allclose(back.esm.apply(rows), esm.apply(rows), atol=1e-5)
    assert back.config == ExchangeConfig(**{**CONFIG.__dict__, "version": "0.2.1"})


def test_the_identity_can_be_exchanged(tmp_path: Path) -> None:
    nothing = ESM(np.zeros((5, 1)), np.zeros((5, 1)), np.zeros(5), 1, *(float("nan"),) * 4)
    write_exchange(tmp_path / "out", nothing, CONFIG)
    rows = np.random.default_rng(1).normal(size=(3, 5))
    np.testing.assert_array_equal(read_exchange(tmp_path / "out").esm.apply(rows), rows)


def test_the_card_carries_the_tags_and_no_name_breaks_out_of_it(tmp_path: Path) -> None:
    import yaml

    base = "org/model\nlicense: mit\n---\n: [x"
    write_exchange(tmp_path / "out", _low_rank(), ExchangeConfig(base, "t"))
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(card.split("---\n")[1])
    assert front == {"base_model": base, "tags": ["embedding_space_map", f"BaseLM:{base}"]}


def test_nothing_is_overwritten_and_nothing_is_left_half_way(tmp_path: Path) -> None:
    write_exchange(tmp_path / "out", _low_rank(), CONFIG)
    before = (tmp_path / "out" / "model.safetensors").read_bytes()
    with pytest.raises(ArtefactError, match="there already"):
        write_exchange(tmp_path / "out", _low_rank(seed=1), CONFIG)
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == before
    esm = _low_rank()
    esm.b[0] = 1e300
    with (
        np.errstate(over="ignore"),
        pytest.raises(ArtefactError, match="float32"),
    ):
        write_exchange(tmp_path / "huge", esm, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("base", "kind", "pooling"),
    [
        ("google-bert/bert-base-uncased", "bert", "pooler"),
        ("sentence-transformers/all-MiniLM-L6-v2", "bert", "mean"),
        ("FacebookAI/roberta-base", "roberta", "first"),
        ("distilbert/distilbert-base-uncased", "distilbert", "first"),
        ("sentence-transformers/all-mpnet-base-v2", "mpnet", None),
        ("FacebookAI/xlm-roberta-base", "xlm-roberta", None),
    ],
)
def test_pooling_is_that_of_the_package(base: str, kind: str, pooling: str | None) -> None:
    assert reference_pooling(base, kind) == pooling


def _copy(folder: Path, **changes: Any) -> Path:
    shutil.copytree(DATA / "linear", folder)
    path = folder / "config.json"
    facts = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in facts.items() if v != "absent"}), encoding="utf-8")
    return folder


def _refused(folder: Path, *words: str) -> None:
    with pytest.raises(ArtefactError) as caught:
        read_exchange(folder)
    told = str(caught.value)
    assert all(word in told for word in (str(folder), *words)), told
    assert "left out" in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"esm_embedding_dim": 768}, ("16 wide", "768")),
        ({"esm_embedding_dim": "x" * 500}, ("16 wide",)),
        ({"base_model_name": "absent"}, ("base_model_name",)),
        ({"base_model_name": ""}, ("base_model_name",)),
        ({"task_id": None}, ("task_id",)),
        ({"task_id": 5}, ("task_id",)),
        ({"esm_architecture": None}, ("architecture is None", "linear")),
        ({"esm_architecture": "mlp"}, ("architecture is 'mlp'",)),
        ({"esm_architecture": {"layers": ["a"] * 100}}, ("architecture",)),
        ({"pooling": "max"}, ("pooling is 'max'",)),
    ],
)
def test_a_config_that_cannot_be_used(
    tmp_path: Path, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    _refused(_copy(tmp_path / "esm", **changes), *words)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b" " * 1_000_001, None])
def test_a_config_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    folder = _copy(tmp_path / "esm")
    (folder / "config.json").unlink()
    if content is not None:
        (folder / "config.json").write_bytes(content)
    _refused(folder, "config.json")


def _with(folder: Path, arrays: dict[str, Any]) -> Path:
    _copy(folder)
    save_file(arrays, folder / "model.safetensors")
    return folder


W, B = np.eye(16, dtype=np.float32), np.zeros(16, dtype=np.float32)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"model.weight": W, "model.bias": B[:8]}, ("[16, 16]", "[8]")),
        ({"model.weight": W[:8], "model.bias": B}, ("[8, 16]",)),
        ({"model.weight": W[:8, :8].copy(), "model.bias": B[:8]}, ("8 wide", "16")),
        ({"model.weight": B, "model.bias": B}, ("[16]",)),
        ({"model.weight": W}, ("model.weight",)),
        ({"weight": W, "bias": B}, ("'bias, weight'",)),
        ({"model.weight": W, "model.bias": B, "model.2.weight": W}, ("model.2.weight",)),
        ({"model.weight": W.astype(np.int64), "model.bias": B}, ("I64", "F32")),
        ({"model.weight": np.where(W > 0, np.nan, W), "model.bias": B}, ("16 of its 272", "NaN")),
        ({"model.weight": W, "model.bias": B - np.inf}, ("16 of its 272", "infinite")),
        ({"model.weight": W * 1e30, "model.bias": B}, ("1e+30",)),
    ],
)
def test_weights_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Any], words: tuple[str, ...]) -> None:
    _refused(_with(tmp_path / "esm", arrays), *words)


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_other_precisions_are_read(tmp_path: Path, kind: type[Any]) -> None:
    weight = (W + 0.25).astype(kind)
    found = read_exchange(_with(tmp_path / "esm", {"model.weight": weight, "model.bias": B.astype(kind)}))
    np.testing.assert_allclose(found.esm.apply(W), weight.T.astype(np.float64), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, 1239))
def test_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    folder = _copy(tmp_path_factory.mktemp("cut") / "esm")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    _refused(folder, "truncated")


def test_pickled_weights_are_never_read(tmp_path: Path) -> None:
    folder = _copy(tmp_path / "esm")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    _refused(folder, "pickled")
    (folder / "pytorch_model.bin").unlink()
    _refused(folder, "no model.safetensors")
