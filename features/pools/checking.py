"""A pool looked at as a whole before anything of it is stored: what was written elsewhere is not taken on trust."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.pools.layout import Listed, Manifest, broken_pool, source_path
from features.pools.packing import Packed, esm_of, read_packed, sketch_of
from features.reading.wording import shown
from features.registry.ledger import parse_time
from models.errors import ArtefactError, SpringboardError

if TYPE_CHECKING:
    from features.overlap import Sketch

__all__ = ["Checked", "check_pool"]

_KEY = re.compile(r"[0-9a-f]{32}")
_FACTS = ("about", "classes", "head", "profile", "rows")
_ESM_FACTS = ("dim", "heldout_error", "heldout_r2", "identity_error", "rank", "strength")


@dataclass(frozen=True)
class Checked:
    """A source of a pool that is what its listing says: its file's bytes, what they hold, and two keys of that."""

    listed: Listed
    content: bytes
    packed: Packed
    esm: str
    sketch: Sketch


def check_pool(folder: Path, manifest: Manifest) -> list[Checked]:
    """Read and check every source of a pool.

    Raises
    ------
    ArtefactError
        A file is missing, cut short, changed, or does not hold what the pool says of it.
    """
    return [_checked(folder, manifest, one) for one in manifest.sources]


def _checked(folder: Path, manifest: Manifest, listed: Listed) -> Checked:
    path = source_path(folder, listed.name)
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise broken_pool(folder, f"'{path.name}' cannot be read ({type(problem).__name__})") from problem
    if hashlib.sha256(content).hexdigest() != listed.sha256:
        raise broken_pool(
            folder,
            f"'{path.name}' is not the file that was listed ({len(content):,} bytes of {listed.bytes:,})",
        )
    try:
        packed = read_packed(path)
        key = _esm_key(packed, manifest, listed)
        _refuse_odd_cards(packed)
        _refuse_other_facts(packed, listed)
        _refuse_odd_numbers(packed)
        _refuse_odd_head(packed)
        return Checked(listed, content, packed, key, sketch_of(packed))
    except (SpringboardError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        said = (
            problem.what if isinstance(problem, SpringboardError) else f"{type(problem).__name__}: {problem}"
        )
        raise broken_pool(folder, f"'{path.name}': {said}") from problem


def _esm_key(packed: Packed, manifest: Manifest, listed: Listed) -> str:
    _, card = esm_of(packed, len(packed.arrays["centroid"]))
    keys = (card.key, card.inputs["dataset"], card.inputs["encoder"])
    # Keys become names of files.
    if not all(isinstance(key, str) and _KEY.fullmatch(key) for key in keys):
        raise ArtefactError("its card holds a key that is none")
    inputs = packed.card.inputs
    told = (listed.version, manifest.encoder)
    if not all(isinstance(packed.card.settings[name], int) for name in ("cap", "cap_seed")):
        raise ArtefactError("its card does not say how many rows were to be used")
    if keys[1:] != told or (inputs["dataset"], inputs["encoder"]) != told:
        raise ArtefactError("its card is of another dataset or encoder than the pool lists")
    return card.key


def _refuse_odd_cards(packed: Packed) -> None:
    """What rankings and the store read from the cards has to be there."""
    _, esm = esm_of(packed)
    for card, names in ((packed.card, _FACTS), (esm, _ESM_FACTS)):
        parse_time(card.made_at)
        if absent := [name for name in names if name not in card.facts]:
            raise ArtefactError(f"its card does not say its {absent[0]}")
    if esm.kind != "esm" or "tuned_model" not in esm.inputs:
        raise ArtefactError("its ESM's card is of something else")
    if packed.card.facts["profile"].get("rows") != packed.card.facts["rows"]:
        raise ArtefactError("its profile is of other rows")
    packed.card.to_json()  # Numbers that are none, which Python reads in JSON, could not be written here.


def _refuse_other_facts(packed: Packed, listed: Listed) -> None:
    """The registry keeps what the pool lists, and rankings read the card: both are of the same source."""
    facts, classes = packed.card.facts, packed.card.facts["classes"]
    if not isinstance(classes, list):
        raise ArtefactError("its card does not list its classes")
    said = {
        "rows": (listed.rows, facts["rows"]),
        "task": (listed.task.value, packed.card.settings["task"]),
        "classes": (listed.classes, len(classes) or None),
    }
    for name, (told, real) in said.items():
        if told != real:
            raise ArtefactError(f"the pool lists its {name} as {told}, and its card says {shown(str(real))}")


def _refuse_odd_numbers(packed: Packed) -> None:
    odd = [
        name
        for name, array in packed.arrays.items()
        if name != "esm.figures" and array.dtype.kind == "f" and not np.isfinite(array).all()
    ]
    if odd:
        raise ArtefactError(f"'{odd[0]}' holds numbers that are not finite")


def _refuse_odd_head(packed: Packed) -> None:
    if packed.card.facts["head"]["note"]:
        return
    weight, bias = packed.arrays["head.weight"], packed.arrays["head.bias"]
    outputs = len(packed.card.facts["classes"]) or 1
    if weight.shape != (outputs, len(packed.arrays["centroid"])) or bias.shape != (outputs,):
        raise ArtefactError(f"its head has shapes {weight.shape} and {bias.shape}")
