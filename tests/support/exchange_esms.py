"""Folders in hf-dataset-selector's exchange format, with made-up maps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

__all__ = ["Esm", "write_esm"]

Esm = Callable[..., Path]


def write_esm(folder: Path, base: str, *, seed: int = 0, width: int = 32, **config: Any) -> Path:
    rng = np.random.default_rng(seed)
    weight = (np.eye(width) + rng.normal(size=(width, width)) / width**0.5).astype(np.float32)
    folder.mkdir(parents=True)
    arrays = {"model.weight": weight, "model.bias": rng.normal(size=width).astype(np.float32)}
    save_file(arrays, folder / "model.safetensors")
    facts = {
        "base_model_name": base,
        "task_id": f"org/data-{seed}",
        "esm_architecture": "linear",
        "esm_embedding_dim": width,
        "version": "0.2.1",
        **config,
    }
    (folder / "config.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder
