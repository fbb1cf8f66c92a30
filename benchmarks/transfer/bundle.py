r"""``python -m benchmarks.transfer.bundle FOLDER``: what a machine with a GPU needs, and does not have.

``rows.json.gz`` with the rows of the whole matrix and the encoder's folder with weights in half precision, 50 MB for
MiniLM. There::

    SPRINGBOARD_TRANSFER_ROWS=FOLDER/rows.json.gz SPRINGBOARD_MINILM=FOLDER/minilm \
        python -m benchmarks.transfer.matrix --device cuda --workers 6

with torch, transformers and safetensors; neither polars nor the datasets. What it appends to the matrix's file
comes back and is committed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.transfer.chosen import CHECKED_ROWS, SOURCES, TARGETS
from benchmarks.transfer.encoders import ENCODERS
from benchmarks.transfer.rows import Rows, all_groups, source_rows, taught_and_tested

_MOST_TRAINING_ROWS = 400


def write_rows(path: Path) -> None:
    """Write the rows of all sources and targets, enough for 400 training rows a target."""
    targets = {}
    for name in TARGETS:
        taught, test = taught_and_tested(name)
        carried = taught.part(0, _MOST_TRAINING_ROWS + CHECKED_ROWS)
        targets[name] = {"taught": _record(carried), "test": _record(test)}
    everything = {
        "sources": {name: _record(source_rows(name)) for name in SOURCES},
        "targets": targets,
        "groups": [sorted(group) for group in all_groups()],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=9) as file:
        json.dump(everything, file, ensure_ascii=False)


def write_weights(encoder: str, folder: Path) -> None:
    """Copy the encoder's folder with its weights in half precision; they are computed with in single precision."""
    import torch
    from safetensors.torch import load_file, save_file

    from models.encoder.locate import locate_model

    origin = locate_model(ENCODERS[encoder], None)
    folder.mkdir(parents=True, exist_ok=True)
    for file in origin.iterdir():
        if file.suffix in (".json", ".txt") and file.is_file():
            shutil.copy(file, folder / file.name)
    weights = load_file(str(origin / "model.safetensors"))
    halves = {name: one.half() if one.dtype == torch.float32 else one for name, one in weights.items()}
    save_file(halves, str(folder / "model.safetensors"), metadata={"format": "pt"})


def _record(rows: Rows) -> dict[str, Any]:
    return {"task": rows.task.value, "text_a": rows.text_a, "text_b": rows.text_b, "labels": rows.labels}


def main(arguments: list[str] | None = None) -> None:
    """Write both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer.bundle", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", choices=sorted(ENCODERS), default="minilm")
    asked = parser.parse_args(arguments)
    write_rows(asked.folder / "rows.json.gz")
    write_weights(asked.encoder, asked.folder / asked.encoder)


if __name__ == "__main__":
    main()
