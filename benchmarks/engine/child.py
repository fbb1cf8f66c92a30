"""Run by the other environment: scores ESMs with `hf-dataset-selector`'s own code, or thuml's, when it is told to.

``python child.py [THUML_LOGME_PY]``: reads one JSON request a line from standard input and answers each with one line
on standard output. Imports nothing of ours. A request names a file of arrays (base [n, d] float32, weight [e, d, d] and
bias [e, d] float32, labels [n]), whether it is a regression, and whose code is to be run.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from contextlib import redirect_stdout
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from hfselect import ESM
from hfselect.esmconfig import ESMConfig
from hfselect.logme import LogME

BATCH = 128
"""Texts in a batch, the package's default."""


def load(path: str) -> Any:
    """Thuml's module; compiling its functions happens here."""
    spec = importlib.util.spec_from_file_location("thuml_logme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LogME


def make(weight: np.ndarray, bias: np.ndarray) -> Any:
    """One of the package's ESMs with these numbers."""
    esm = ESM(config=ESMConfig(esm_architecture="linear", esm_embedding_dim=bias.size))
    with torch.no_grad():
        esm.model.weight.copy_(torch.from_numpy(weight))
        esm.model.bias.copy_(torch.from_numpy(bias))
    return esm


def with_package(esm: Any, base: torch.Tensor, labels: np.ndarray, regression: bool) -> float:
    """What the package does for each ESM (``compute_scores``): batches through the map, one stack, its LogME."""
    features = []
    with torch.no_grad():
        for batch in base.split(BATCH):
            features.append(esm(batch).cpu().numpy())
    embeddings = np.vstack(features)
    return float(LogME(regression=regression).fit(embeddings, labels, add_intercept=False))


def answer(request: dict[str, Any], thuml: Any) -> dict[str, Any]:
    """Score the request's ESMs; CPU seconds of scoring alone."""
    with np.load(request["arrays"]) as arrays:
        base, weight, bias, labels = (arrays[name] for name in ("base", "weight", "bias", "labels"))
    regression = request["regression"]
    if request["whose"] == "hfselect":
        esms, tensor = [make(*one) for one in zip(weight, bias, strict=True)], torch.from_numpy(base)
        started = time.process_time()
        scores = [with_package(esm, tensor, labels, regression) for esm in esms]
    else:
        started = time.process_time()
        scores = [
            float(thuml(regression=regression).fit(base @ w.T + b, labels))
            for w, b in zip(weight, bias, strict=True)
        ]
    return {"seconds": (time.process_time() - started) / len(scores), "scores": scores}


def main() -> None:
    """Answer until standard input ends."""
    torch.set_num_threads(1)
    out = sys.stdout
    # Both may print; what they print must not be taken for an answer.
    with redirect_stdout(sys.stderr):
        thuml = load(sys.argv[1]) if len(sys.argv) > 1 else None
        versions = {
            name: version(name) for name in ("hf-dataset-selector", "numpy", "torch", "numba", "scipy")
        }
        print(json.dumps({"versions": versions}), file=out, flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line), thuml)), file=out, flush=True)


if __name__ == "__main__":
    main()
