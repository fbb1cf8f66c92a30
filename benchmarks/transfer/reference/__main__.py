"""``python -m benchmarks.transfer.reference``: `hf-dataset-selector`'s ESMs and LogME on the pairs of the predictions.

Fed with the embeddings that our own ESMs are fitted to (mean pooling, where the package would take another), from
the tuned models that the workspace of ``benchmarks.transfer.predict`` keeps, so that what differs is the fit and the
score. The result joins ``ENCODER_predictions.csv`` as the scorer ``hf_dataset_selector``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.hfselect import hfselect_python, other_environment
from benchmarks.transfer.chosen import FIRST_SOURCES, SOURCES
from benchmarks.transfer.encoders import ENCODERS
from benchmarks.transfer.kept import SCRATCH
from benchmarks.transfer.predictions import SCHEMA, write_predictions

__all__ = ["SCORER", "main"]

SCORER = "hf_dataset_selector"
_FLOAT = 4


def write_inputs(root: Path, folder: Path, sources: tuple[str, ...]) -> dict[str, int]:
    """Write what the other side reads, as far as it is not there; how many numbers an embedding has, by source."""
    from features.artefacts.embeddings import base_embeddings, embed_rows, target_embeddings
    from features.artefacts.encoders import encoder_of
    from features.artefacts.files import read_table
    from features.artefacts.plan import Plan
    from features.artefacts.tuned_features import tuned_model_folder
    from features.registry import Kind
    from features.workspace import Workspace
    from models.tuning import load_tuned

    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(Workspace(root))
    widths = {}
    known = plan.registry.current(Kind.SOURCE)
    for name, entry in ((name, known[name]) for name in sources if name in known):
        place = folder / f"source-{name}.npz"
        if not place.exists():
            if not plan.is_ready(entry) or not Path(tuned_model_folder(plan, entry)).is_dir():
                print(f"  {name} is left out: it has no tuned model here", flush=True)
                continue
            rows = read_table(plan.path("datasets", entry.version))
            tuned = load_tuned(tuned_model_folder(plan, entry), encoder_of(plan)).encoder
            np.savez(place, x=base_embeddings(plan, entry), y=embed_rows(tuned, rows))
        with np.load(place) as arrays:
            widths[name] = int(arrays["x"].shape[1])
    for name, entry in plan.registry.current(Kind.TARGET).items():
        labels = read_table(plan.path("datasets", entry.version))["label"].to_list()
        regression = entry.task.is_regression
        numbers: Any = (
            labels if regression else np.unique([str(one) for one in labels], return_inverse=True)[1]
        )
        np.savez(
            folder / f"target-{name}.npz",
            x=target_embeddings(plan, entry),
            labels=np.asarray(numbers, dtype=np.float64 if regression else np.int64),
            regression=regression,
        )
    return widths


def main(arguments: list[str] | None = None) -> None:
    """Add the reference implementation's scores to the predictions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.reference", description=__doc__)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    parser.add_argument("--sources", type=int, default=FIRST_SOURCES, help="how many, in the list's order")
    parser.add_argument("--workspace", type=Path, help="that of benchmarks.transfer.predict")
    asked = parser.parse_args(arguments)
    python = hfselect_python()
    folder = SCRATCH / asked.encoder / "reference"
    workspace = asked.workspace or SCRATCH / asked.encoder / "workspace"
    widths = write_inputs(workspace, folder, SOURCES[: asked.sources])
    child = Path(__file__).with_name("child.py")
    subprocess.run([python, child, folder], check=True, env=other_environment(folder))
    found = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    rows = [
        (
            SCORER,
            source,
            target,
            score,
            "higher",
            one["seconds"],
            _FLOAT * widths[source] * (widths[source] + 1),
        )
        for source, one in found.items()
        for target, score in one["scores"].items()
        if source in widths
    ]
    write_predictions(asked.encoder, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    print(f"{len(rows)} scores of {len(found)} sources")


if __name__ == "__main__":
    main()
