"""One source of a pool as one file: packed from a workspace's artefacts, and taken apart again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.cards import Card
from features.artefacts.files import read_arrays, read_arrays_card, read_table_card
from features.overlap import Sketch, compact_sketch
from models.errors import ArtefactError
from models.esm import ESM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.pools.layout import About
    from features.registry.entries import Entry

__all__ = ["Packed", "esm_of", "pack", "read_packed", "sketch_of"]

_ESM, _SKETCH = "esm.", "sketch."
_NOT_KEPT = "ready-made pools are shipped without it"
_HALF_AT_MOST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Packed:
    """A source's arrays and card, as they lie in its file."""

    arrays: Mapping[str, NDArray[Any]]
    card: Card


def pack(plan: Plan, source: Entry, about: About) -> Packed:
    """Put together what a ranking needs of a source, without its rows.

    The ESM as it is, the head in half precision, the centroids, the token counts, and the compact sketch.
    What is left out (samples of rows and of token vectors, Fisher information, the update of the weights, the
    moments) is ten times as much.

    Raises
    ------
    ArtefactError
        Something of it is missing or broken: it was not ingested under the settings in force.
    """
    keys = plan.source_keys(source)
    paths = {
        "datasets": plan.path("datasets", source.version),
        "embeddings": plan.path("embeddings", keys.embedding),
        "moments": plan.path("moments", keys.moments),
        "esms": plan.path("esms", keys.esm),
    }
    dataset = read_table_card(paths["datasets"])
    embedding, moments, esm = (read_arrays_card(paths[kind]) for kind in ("embeddings", "moments", "esms"))
    arrays = {f"{_ESM}{name}": array for name, array in read_arrays(paths["esms"]).items()}
    arrays |= _head(paths["moments"], moments)
    arrays |= read_arrays(paths["embeddings"], ["centroid"])
    arrays |= _tokens(paths["embeddings"])
    arrays |= _sketch(plan.path("sketches", source.sketch))
    facts = {
        "name": source.name,
        "about": asdict(about),
        "rows": source.rows,
        "classes": moments.facts["classes"],
        "head": moments.facts["head"],
        "fisher": {"note": _NOT_KEPT},
        "update": {"note": _NOT_KEPT},
        "profile": {name: value for name, value in dataset.facts.items() if name != "gate"},
        "steps": moments.facts["steps"],
        "first_loss": moments.facts["first_loss"],
        "last_loss": moments.facts["last_loss"],
        "heldout_r2": esm.facts["heldout_r2"],
        "seconds": {
            "embed": embedding.facts["seconds"],
            "tune": moments.facts["seconds"],
            "fit": esm.facts["seconds"],
        },
        # Whole, so that the ESM taken out of here is the artefact that it was.
        "esm": asdict(esm),
    }
    settings = {
        "task": source.task.value,
        "cap": source.cap,
        "cap_seed": source.cap_seed,
        "mapping": dataset.settings["mapping"],
        "tuning": moments.settings["tuning"],
        "folds": moments.settings["folds"],
        "fold_seed": moments.settings["seed"],
        "esm": esm.settings,
    }
    arrays |= _sentences(plan, source)
    inputs = {
        "dataset": source.version,
        "encoder": plan.encoder,
        "sentence_encoder": plan.sentence_encoder if "sentence_centroid" in arrays else None,
    }
    # Neither a clock nor a counter of this writing: the same artefacts give the same bytes.
    card = Card("pool_source", keys.esm, inputs, settings, facts, code=esm.code, made_at=esm.made_at)
    return Packed(arrays, card)


def read_packed(path: Path) -> Packed:
    """Read a source's file.

    Raises
    ------
    ArtefactError
        It is missing or broken.
    """
    return Packed(read_arrays(path), read_arrays_card(path))


def esm_of(packed: Packed, width: int | None = None) -> tuple[dict[str, NDArray[Any]], Card]:
    """The ESM's arrays and its own card.

    Raises
    ------
    ArtefactError
        It is no ESM, or of another width.
    """
    arrays = _part(packed, _ESM)
    esm = ESM.from_arrays(arrays)
    if width is not None and esm.dim != width:
        raise ArtefactError(f"its ESM is {esm.dim} wide, and its centroid {width}")
    try:
        return arrays, Card(**packed.card.facts["esm"])
    except (KeyError, TypeError) as problem:
        raise ArtefactError(f"its card says nothing of its ESM ({problem})") from problem


def sketch_of(packed: Packed) -> Sketch:
    """The compact sketch.

    Raises
    ------
    ArtefactError
        It is none.
    """
    arrays = _part(packed, _SKETCH)
    if "exact" not in arrays:
        raise ArtefactError("it has no sketch of its texts")
    # Zeros that need not be shipped.
    return Sketch.from_arrays({**arrays, "roles": np.zeros(arrays["exact"].shape, dtype=np.uint8)})


def _part(packed: Packed, prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array for name, array in packed.arrays.items() if name.startswith(prefix)
    }


def _head(path: Path, moments: Card) -> dict[str, NDArray[Any]]:
    if moments.facts["head"]["note"]:
        return {}
    arrays = read_arrays(path, ["head.weight", "head.bias"])
    if max(float(np.abs(array).max()) for array in arrays.values()) > _HALF_AT_MOST:
        return arrays
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def _tokens(path: Path) -> dict[str, NDArray[Any]]:
    arrays = read_arrays(path, ["tokens.ids", "tokens.counts"])
    return {name: _narrowed(array) for name, array in arrays.items()}


def _narrowed(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _sketch(path: Path) -> dict[str, NDArray[Any]]:
    compact = compact_sketch(Sketch.from_arrays(read_arrays(path)))
    return {f"{_SKETCH}{name}": array for name, array in compact.to_arrays().items() if name != "roles"}


def _sentences(plan: Plan, source: Entry) -> dict[str, NDArray[Any]]:
    """The centroid by the sentence encoder, where that is another and a scorer has already had it made."""
    if plan.sentence_encoder == plan.encoder:
        return {}
    path = plan.path("sentences", plan.sentence_key(source.version))
    return {"sentence_centroid": read_arrays(path, ["centroid"])["centroid"]} if path.exists() else {}
