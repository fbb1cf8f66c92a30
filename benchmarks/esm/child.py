"""Run by the other environment: fit each case with `hf-dataset-selector`'s own trainer and settings.

``python child.py FOLDER``: reads ``case-*.npz`` (train_x, train_y, test_x, test_y) and writes ``case-*.json``. Imports
nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from hfselect import EmbeddingDataset, ESMTrainer


def fit(case: Path) -> dict[str, object]:
    """Fit one case and measure it."""
    with np.load(case) as arrays:
        train_x, train_y, test_x, test_y = (
            arrays[name] for name in ("train_x", "train_y", "test_x", "test_y")
        )
    torch.manual_seed(0)
    wall, cpu = time.perf_counter(), time.process_time()
    esm = ESMTrainer().train_with_embeddings(EmbeddingDataset(train_x, train_y), verbose=0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with torch.no_grad():
        mapped = esm(torch.from_numpy(test_x)).numpy().astype(np.float64)
    return {
        "error": float(np.square(mapped - test_y).sum(axis=1).mean()),
        "cpu": cpu,
        "wall": wall,
        "epochs": esm.config.get("esm_num_epochs"),
        "learning_rate": esm.config.get("esm_learning_rate"),
        "batch_size": esm.config.get("esm_batch_size"),
        "weight_decay": esm.config.get("esm_weight_decay"),
        "versions": {name: version(name) for name in ("hf-dataset-selector", "torch", "numpy")},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    for path in sorted(Path(sys.argv[1]).glob("case-*.npz")):
        path.with_suffix(".json").write_text(json.dumps(fit(path)), encoding="utf-8")
