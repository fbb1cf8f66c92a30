from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.encoder import Encoder, EncoderSettings, load_encoder
from models.errors import ArtefactError, TuningError
from models.tasks import Task
from models.tuning import Head, TunedEncoder, TuningSettings, tune
from models.tuning.traces import Traces, trace, unpack_fisher, unpack_update
from models.tuning.update import low_rank_update

TEXTS = ["good film", "fine book a", "awful film", "bad book not the"] * 3
LABELS = ["7", "7", "0", "0"] * 3
LAYER = "encoder.layer.0.attention.self.query.weight"


def _tuned(tiny: Encoder, method: Any) -> TunedEncoder:
    settings = TuningSettings(max_steps=4, batch_size=4, learning_rate=1e-3, method=method)
    return tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, settings)


@pytest.fixture(scope="module")
def tuned(tiny: Encoder) -> TunedEncoder:
    return _tuned(tiny, "full")


def _change(tuned: Encoder, base: Encoder, name: str) -> Any:
    new, old = (dict(one.model.named_parameters())[name].detach().numpy() for one in (tuned, base))
    return new.astype(np.float64) - old


def test_a_change_of_low_rank_comes_back_exactly(tiny: Encoder) -> None:
    import torch

    rng = np.random.default_rng(0)
    change = rng.normal(size=(32, 2)) @ rng.normal(size=(2, 32)) * 0.01
    moved = tiny.clone()
    with torch.no_grad():
        dict(moved.model.named_parameters())[LAYER] += torch.from_numpy(change).float()
    update = low_rank_update(tiny, moved)
    assert list(update.factors) == [LAYER]
    a, b = update.factors[LAYER]
    np.testing.assert_allclose(a @ b.T, _change(moved, tiny, LAYER), atol=1e-7)
    assert update.kept == pytest.approx(1.0, abs=1e-6)
    assert update.covered == pytest.approx(1.0, abs=1e-6)


def test_it_is_the_truncated_svd_and_says_what_it_keeps(tiny: Encoder, tuned: TunedEncoder) -> None:
    update = low_rank_update(tiny, tuned.encoder, rank=3)
    kept = total = 0.0
    for name, (a, b) in update.factors.items():
        change = _change(tuned.encoder, tiny, name)
        u, s, vt = np.linalg.svd(change)
        np.testing.assert_allclose(a @ b.T, (u[:, :3] * s[:3]) @ vt[:3], atol=1e-9)
        kept, total = kept + (s[:3] ** 2).sum(), total + (s**2).sum()
    assert update.kept == pytest.approx(kept / total, rel=1e-9)
    everything = sum(
        float((_change(tuned.encoder, tiny, name) ** 2).sum()) for name, _ in tiny.model.named_parameters()
    )
    assert update.covered == pytest.approx(total / everything, rel=1e-5)
    # Twelve layers of the encoder; the pooler is no part of mean pooling and was not tuned.
    assert len(update.factors) == 12


def test_a_merged_lora_is_taken_whole_at_its_own_rank(tiny: Encoder) -> None:
    settings = TuningSettings(max_steps=4, batch_size=4, learning_rate=1e-2, method="lora", lora_rank=2)
    merged = tune(tiny, TEXTS, None, LABELS, Task.CLASSIFICATION, settings)
    assert low_rank_update(tiny, merged.encoder, rank=2).kept == pytest.approx(1.0, abs=1e-4)
    assert trace(tiny, merged, TEXTS, None, LABELS, Task.CLASSIFICATION).notes == {}


def test_weights_that_do_not_correspond_are_refused(
    tiny: Encoder, make_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    def encoder(name: str, **options: Any) -> Encoder:
        return load_encoder(
            EncoderSettings(str(make_tiny(tmp_path / name, **options)), max_length=32), device="cpu"
        )

    with pytest.raises(TuningError, match=r"differ from the base encoder's by 1\.\d times"):
        low_rank_update(tiny, encoder("seed", seed=9))
    with pytest.raises(TuningError, match="layers are not"):
        low_rank_update(tiny, encoder("narrow", width=16))
    with pytest.raises(TuningError, match="weights are the base"):
        low_rank_update(tiny, tiny.clone())


def test_what_is_packed_comes_back(tiny: Encoder, tuned: TunedEncoder) -> None:
    traces = trace(tiny, tuned, TEXTS, None, LABELS, Task.CLASSIFICATION)
    assert traces.fisher is not None
    assert traces.update is not None
    arrays, facts = traces.to_arrays(), traces.facts()
    fisher = unpack_fisher(arrays)
    np.testing.assert_allclose(fisher, traces.fisher, rtol=2e-3, atol=1e-8 * traces.fisher.max())
    update = unpack_update(arrays, facts["update"]["layers"])
    assert update.keys() == traces.update.factors.keys()
    for name, (a, b) in traces.update.factors.items():
        whole = a @ b.T
        np.testing.assert_allclose(
            update[name][0] @ update[name][1].T, whole, atol=3e-3 * np.abs(whole).max()
        )
    assert facts["fisher"] == {"note": "", "length": len(fisher)}
    assert 0 < facts["update"]["kept"] <= 1
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_what_cannot_be_had_says_why_and_the_rest_is_kept(tiny: Encoder, tuned: TunedEncoder) -> None:
    headless = replace(tuned, head=Head.absent(32, "no head came along"))
    traces = trace(tiny, headless, TEXTS, None, LABELS, Task.CLASSIFICATION)
    assert traces.fisher is None
    assert traces.update is not None
    assert "no head came along" in traces.facts()["fisher"]["note"]
    assert not any(name.startswith("fisher") for name in traces.to_arrays())
    untouched = replace(tuned, encoder=tiny)
    traces = trace(tiny, untouched, TEXTS, None, LABELS, Task.CLASSIFICATION)
    assert traces.fisher is not None
    assert traces.update is None
    assert "weights are the base" in traces.facts()["update"]["note"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: arrays.pop("update.shapes"),
        lambda arrays: arrays.update({"update.left": arrays["update.left"][:-1]}),
        lambda arrays: arrays.update({"update.strength": arrays["update.strength"] * np.float32(np.inf)}),
        lambda arrays: arrays.update({"update.shapes": arrays["update.shapes"][:-1]}),
    ],
)
def test_broken_arrays_are_refused(tiny: Encoder, tuned: TunedEncoder, spoil: Callable[[Any], Any]) -> None:
    traces = Traces(np.ones(3), low_rank_update(tiny, tuned.encoder), {})
    arrays = traces.to_arrays()
    spoil(arrays)
    with pytest.raises(ArtefactError, match="stored update"):
        unpack_update(arrays, traces.facts()["update"]["layers"])
    with pytest.raises(ArtefactError, match="stored fisher"):
        unpack_fisher({"fisher.root": np.array([1.0, np.nan]), "fisher.scale": np.ones(1)})
