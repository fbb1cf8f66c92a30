"""The other side: run by a Python that has `hf-dataset-selector`, and by nothing of ours.

``reference.py write DIR`` embeds the texts of DIR/texts.json with each encoder of DIR/encoders, writes ESMs in both
layouts for each, maps the embeddings through them and ranks them. ``reference.py read DIR`` loads what Springboard
exported to DIR/exports and maps the same embeddings. ``reference.py fixtures DIR`` wrote tests/models/esm/data.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ESMS, LEGACY = 6, 2


def main(command: str, folder: Path) -> None:
    """Do one of the three, and note the versions it was done with."""
    # The package writes a log file to wherever it is imported.
    os.chdir(folder)
    {"write": write, "read": read, "fixtures": fixtures}[command](folder)
    names = (
        "hf-dataset-selector",
        "numpy",
        "torch",
        "transformers",
        "huggingface_hub",
        "safetensors",
        "scipy",
    )
    found = {name: version(name) for name in names}
    (folder / f"versions_{command}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "hfselect_logs.log").unlink(missing_ok=True)


def make_esm(width: int, seed: int, *, legacy: bool, **facts: Any) -> Any:
    """One of the package's ESMs, near the identity, with random numbers in it."""
    import torch
    from hfselect import ESM
    from hfselect.esmconfig import ESMConfig

    if legacy:
        facts["version"] = "0.1.0"
    config = ESMConfig(esm_architecture="linear", esm_embedding_dim=width, **facts)
    esm = ESM(config=config)
    layer = esm.sequential[0] if legacy else esm.model
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.copy_(
            torch.eye(width) + 0.3 * torch.randn(width, width, generator=generator) / width**0.5
        )
        layer.bias.copy_(0.1 * torch.randn(width, generator=generator))
    return esm


def save_esm(esm: Any, folder: Path) -> None:
    """Save as the package does; an old one in its old layout, as version 0.1.0 did."""
    # Told that it is an old one, it would rename the tensors while saving.
    esm.is_legacy_model = False
    esm.save_pretrained(folder)


def mapped(esm: Any, vectors: Any) -> Any:
    """What the package gives for embeddings [n, d]."""
    import torch

    with torch.no_grad():
        return esm(torch.as_tensor(vectors)).numpy()


def write(folder: Path) -> None:
    """See the module."""
    from datasets import Dataset as Rows
    from hfselect import ESM, Dataset, compute_task_ranking, create_embedding_dataset
    from transformers import AutoModel, AutoTokenizer

    given = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    rows = Rows.from_dict({"text": given["texts"], "label": given["labels"]})
    metadata = {"task_id": "target"}
    dataset = Dataset(rows, "text", "label", is_regression=False, metadata=metadata)
    scores: dict[str, dict[str, float]] = {}
    arrays: dict[str, Any] = {}
    for place in sorted((folder / "encoders").glob("*/*")):
        name = f"{place.parent.name}/{place.name}"
        model = AutoModel.from_pretrained(str(place)).eval()
        tokenizer = AutoTokenizer.from_pretrained(str(place))
        pairs = create_embedding_dataset(dataset, model, model, tokenizer)
        arrays[f"{name}:base"] = pairs.x
        esms = []
        for number in range(ESMS):
            legacy = number < LEGACY
            facts = {"base_model_name": str(place), "task_id": f"org/task-{number}", "label_column": "label"}
            esm = make_esm(pairs.x.shape[1], number, legacy=legacy, text_column="text", **facts)
            out = folder / "esms" / name / f"task-{number}"
            save_esm(esm, out)
            loaded = ESM.from_pretrained(str(out))
            arrays[f"{name}:task-{number}"] = mapped(loaded, pairs.x)
            esms.append(ESM.from_pretrained(str(out)))
        for esm in esms:
            if esm.is_legacy_model:
                esm.convert_legacy_to_new()
        ranking = compute_task_ranking(dataset, str(place), esms=esms)
        frame = ranking.to_pandas()
        scores[name] = dict(zip(frame["Task ID"], map(float, frame["Score"]), strict=True))
    np.savez(folder / "theirs.npz", **arrays)
    (folder / "scores.json").write_text(json.dumps(scores, indent=1), encoding="utf-8")


def read(folder: Path) -> None:
    """See the module."""
    from hfselect import ESM

    vectors = np.load(folder / "vectors.npy")
    arrays = {}
    for place in sorted((folder / "exports").iterdir()):
        esm = ESM.from_pretrained(str(place))
        if not (esm.is_initialized and esm.create_config().is_valid):
            raise SystemExit(f"{place} was not loaded")
        arrays[place.name] = mapped(esm, vectors)
    np.savez(folder / "loaded.npz", **arrays)


def fixtures(folder: Path) -> None:
    """Small ESMs of both layouts, rows and what the package maps them to."""
    width = 16
    vectors = np.random.default_rng(0).normal(size=(5, width)).astype(np.float32)
    expected: dict[str, Any] = {"rows": vectors.tolist()}
    for layout in ("linear", "sequential"):
        esm = make_esm(
            width,
            7,
            legacy=layout == "sequential",
            base_model_name="google-bert/bert-base-uncased",
            task_id="nyu-mll/glue",
            task_subset="mrpc",
            text_column=("sentence1", "sentence2"),
            label_column="label",
            task_split="train",
            num_examples=3668,
        )
        save_esm(esm, folder / layout)
        esm.is_legacy_model = layout == "sequential"
        expected[layout] = mapped(esm, vectors).tolist()
    (folder / "expected.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve())
