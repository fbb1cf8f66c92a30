"""What names an artefact: a hash of its inputs' keys, its settings and the recipe number of its step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

__all__ = ["RECIPES", "content_hash", "key_of"]

RECIPES: Mapping[str, int] = {
    # Raise a number by hand when the step's result would change for the same inputs and settings: every
    # artefact below it then gets a new key and is made anew, and the old files stay what they were.
    "embedding": 2,  # 2: token counts and token vectors beside the rows' vectors
    "moments": 3,  # 2: head, Fisher information and update of the weights beside the sums; 3: fused AdamW
    "esm": 1,
    "import": 1,
    "sentences": 1,
    "traces": 2,  # 2: fused AdamW
    "overlap": 1,
    "score": 1,
    "ranking": 1,
    "calibration": 1,
}


def content_hash(value: object) -> str:
    """32 hex digits of the SHA-256 of a value's canonical JSON (sorted keys, no NaN)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} cannot be part of a key")


def key_of(step: str, inputs: Mapping[str, str | None], settings: Mapping[str, Any]) -> str:
    """The key of a step's result.

    Parameters
    ----------
    step
        A name in :data:`RECIPES`.
    inputs
        The keys of what it is made from.
    settings
        The settings that change the result, and no others: what only changes speed stays out.
    """
    return content_hash(
        {"step": step, "recipe": RECIPES[step], "inputs": dict(inputs), "settings": dict(settings)}
    )
