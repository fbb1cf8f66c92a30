"""What `hf-dataset-selector` writes we rank as it does, and what we write it loads: both sides run, numbers compared.

The package pins numpy, so it runs in an environment of its own (:mod:`benchmarks.hfselect`).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.exchange.encoders import KINDS, WIDTH, WORDS, write_encoders
from benchmarks.hfselect import hfselect_python as _python
from benchmarks.outcome import Goal, Outcome

__all__ = ["measure"]

HERE = Path(__file__).parent
ROWS, CLASSES = 240, 3
CLOSE = 1e-4


def measure(keep: bool = False) -> Outcome:
    """Run both sides; the environment stays in .springboard, all else is removed whatever ``keep`` says."""
    python = _python()
    with tempfile.TemporaryDirectory(prefix="exchange-") as name:
        folder = Path(name)
        texts, labels = _texts()
        content = json.dumps({"texts": texts, "labels": labels})
        (folder / "texts.json").write_text(content, encoding="utf-8")
        write_encoders(folder / "encoders")
        _other_side(python, "write", folder)
        found = {kind: _compare(folder, kind, texts, labels) for kind in KINDS}
        exports = _exports(python, folder)
        versions = json.loads((folder / "versions_write.json").read_text(encoding="utf-8"))
    goals = [
        Goal(f"{name}, over {len(KINDS)} encoders", max(one[key] for one in found.values()), limit, unit="")
        for name, key, limit in (
            ("largest difference of an embedding, pooled as we say it pools", "embedding", CLOSE),
            ("largest difference of a mapped embedding, both layouts", "mapped", CLOSE),
            ("largest difference of a LogME score (theirs stops loosely)", "score", 1e-4),
        )
    ]
    wrong = min(one["embedding_otherwise"] for one in found.values())
    orders = [one["same_order"] for one in found.values()]
    goals += [
        Goal("the same with the nearest other pooling: the first line can fail", wrong, 0.01, True, unit=""),
        Goal("encoders whose 6 ESMs rank in the same order", sum(orders), len(KINDS), True, unit=""),
        Goal("largest difference of an export, loaded and applied there", exports["largest"], CLOSE, unit=""),
    ]
    return Outcome(
        title="exchange with hf-dataset-selector",
        goals=goals,
        raw={"other_side": versions, "encoders": found, "exports": exports},
        notes=[
            f"hf-dataset-selector {versions['hf-dataset-selector']} in an environment of its own (numpy "
            f"{versions['numpy']}, transformers {versions['transformers']}); tiny encoders of random weights (BERT, a "
            f"BERT under the name sentence-transformers, RoBERTa, DistilBERT), {ROWS} texts, {CLASSES} classes, "
            f"d = {WIDTH}; 6 ESMs each, 2 of them in the sequential layout.",
            "Ours is the whole way: a workspace with that encoder, `esm import`, `target add`, `refresh`. Differences "
            "of vectors are relative to the largest number in them.",
        ],
    )


def _other_side(python: Path, command: str, folder: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
    }
    done = subprocess.run(
        [python, str(HERE / "reference.py"), command, str(folder)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"reference.py {command} failed: {done.stderr[-2000:]}")


def _texts() -> tuple[list[str], list[int]]:
    rng = random.Random(0)  # noqa: S311 - made-up data
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(3, 30))) for _ in range(ROWS)]
    return texts, [(text.count("good") + text.count("red") + len(text) % 2) % CLASSES for text in texts]


def _compare(folder: Path, kind: str, texts: list[str], labels: list[int]) -> dict[str, Any]:
    from models.encoder import EncoderSettings, Pooling, load_encoder
    from models.esm.exchange import read_exchange, reference_pooling

    place = folder / "encoders" / kind
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    pooling = reference_pooling(str(place), config["model_type"])
    if pooling is None:
        raise RuntimeError(f"no pooling is known for {kind}")
    theirs = np.load(folder / "theirs.npz")
    others = {
        one: load_encoder(EncoderSettings(str(place), one, 128), device="cpu").embed(texts)
        for one in get_args(Pooling)
        if not (one == "pooler" and config["model_type"] == "distilbert")  # it has none
    }
    ours = others.pop(pooling)
    esms = sorted((folder / "esms" / kind).iterdir())
    read = {path.name: read_exchange(path) for path in esms}
    differences = {
        name: _largest(one.esm.apply(theirs[f"{kind}:base"]), theirs[f"{kind}:{name}"])
        for name, one in read.items()
    }
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))[kind]
    expected = {task.removeprefix("org/"): score for task, score in scores.items()}
    ranked = _ranked_by_us(folder, place, pooling, esms, texts, labels)
    return {
        "pooling": pooling,
        "layouts": {name: one.layout for name, one in read.items()},
        "embedding": _largest(ours, theirs[f"{kind}:base"]),
        "embedding_otherwise": min(_largest(one, theirs[f"{kind}:base"]) for one in others.values()),
        "mapped": max(differences.values()),
        "theirs": expected,
        "ours": ranked,
        "score": max(abs(expected[name] - ranked[name]) for name in expected),
        "same_order": _order(expected) == _order(ranked),
    }


def _ranked_by_us(
    folder: Path, place: Path, pooling: str, esms: list[Path], texts: list[str], labels: list[int]
) -> dict[str, float]:
    """Scores by name, the whole way through a workspace."""
    import yaml

    from features.artefacts.plan import Plan
    from features.exchange import take_esms
    from features.intake import add_dataset
    from features.rankings import refresh_target
    from features.registry import Kind
    from features.workspace import Workspace, init_workspace

    root = folder / "workspaces" / place.parent.name / place.name
    workspace = init_workspace(root)
    params = yaml.safe_load(workspace.params_file.read_text(encoding="utf-8"))
    params["encoder"] |= {"ref": str(place), "pooling": pooling, "max_length": 128}
    workspace.params_file.write_text(yaml.safe_dump(params), encoding="utf-8")
    workspace = Workspace(workspace.root)
    taken, failed = take_esms(Plan(workspace), [str(path) for path in esms])
    if failed or any(one.not_ranked for one in taken):
        raise RuntimeError(f"not imported: {failed}, {[one.not_ranked for one in taken]}")
    file = root / "target.csv"
    pl.DataFrame({"text": texts, "label": [f"class {label}" for label in labels]}).write_csv(file)
    target = add_dataset(workspace, Kind.TARGET, str(file)).entry
    if target.rows != len(texts):
        raise RuntimeError(f"{target.rows} of {len(texts)} rows were accepted: not the same data")
    done = refresh_target(Plan(workspace), target, "logme")
    if done is None or done.ranking["excluded"]:
        raise RuntimeError(f"not ranked: {done and done.ranking['excluded']}")
    return {row["source"]: row["score"] for row in done.ranking["ranking"]}


def _exports(python: Path, folder: Path) -> dict[str, Any]:
    """Maps of ours, fitted at two ranks and in full, as the package applies them once it has loaded them."""
    from models.esm import Moments, fit_esm
    from models.esm.exchange import ExchangeConfig, write_exchange

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, WIDTH)).astype(np.float32)
    tuned = vectors @ (np.eye(WIDTH) + 0.3 * rng.normal(size=(WIDTH, WIDTH)) / WIDTH**0.5) + 0.2
    folds = np.arange(len(vectors)) % 4
    moments = Moments.from_pairs(vectors, tuned, folds, 4)
    np.save(folder / "vectors.npy", vectors)
    esms = {f"rank-{rank or 'full'}": fit_esm(moments, rank=rank) for rank in (2, 8, None)}
    config = ExchangeConfig(
        "google-bert/bert-base-uncased", "org/data", text_columns=("a", "b"), pooling="pooler"
    )
    (folder / "exports").mkdir()
    for name, esm in esms.items():
        write_exchange(folder / "exports" / name, esm, config)
    _other_side(python, "read", folder)
    loaded = np.load(folder / "loaded.npz")
    differences = {name: _largest(esm.apply(vectors), loaded[name]) for name, esm in esms.items()}
    return {"largest": max(differences.values()), "by_rank": differences}


def _order(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda name: -scores[name])


def _largest(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


if __name__ == "__main__":
    from benchmarks.run import main

    sys.exit(main(["exchange"]))
