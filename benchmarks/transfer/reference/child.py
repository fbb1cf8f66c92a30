"""Run by the other environment: fit ESMs with `hf-dataset-selector`'s own trainer, score targets with its own LogME.

``python child.py FOLDER``: reads ``source-*.npz`` (x, y: a source's embeddings by the base and the tuned encoder,
[n, d]) and ``target-*.npz`` (x, labels, regression) and writes ``scores.json``: score, and the fit's seconds, by source
and target. A source's ESM is kept, so that a run that was stopped goes on. Imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch


def fitted(place: Path) -> tuple[Any, float]:
    """The ESM of a source, fitted with the package's defaults, and the seconds that took."""
    from hfselect import ESM, EmbeddingDataset, ESMTrainer

    folder = place.with_suffix("")
    if not (folder / "seconds.json").exists():
        with np.load(place) as arrays:
            pairs = EmbeddingDataset(arrays["x"], arrays["y"])
        torch.manual_seed(0)
        began = time.perf_counter()
        esm = ESMTrainer().train_with_embeddings(pairs, verbose=0)
        seconds = time.perf_counter() - began
        esm.save_pretrained(folder)
        (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")
    return ESM.from_pretrained(str(folder)), json.loads((folder / "seconds.json").read_text(encoding="utf-8"))


def main(folder: Path) -> None:
    """See the module."""
    # The package writes a log file to wherever it is imported.
    os.chdir(folder)
    torch.set_num_threads(1)
    from hfselect.logme import LogME

    targets = {}
    for place in sorted(folder.glob("target-*.npz")):
        with np.load(place) as arrays:
            targets[place.stem.removeprefix("target-")] = {name: arrays[name] for name in arrays.files}
    scores: dict[str, dict[str, Any]] = {}
    for place in sorted(folder.glob("source-*.npz")):
        esm, seconds = fitted(place)
        found = scores[place.stem.removeprefix("source-")] = {"seconds": seconds, "scores": {}}
        for name, rows in targets.items():
            with torch.no_grad():
                mapped = esm(torch.from_numpy(rows["x"])).numpy()
            logme = LogME(regression=bool(rows["regression"]))
            found["scores"][name] = float(logme.fit(mapped, rows["labels"], add_intercept=False))
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
