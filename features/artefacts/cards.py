"""The card every artefact carries: what it was made from, with which settings, by which code, and when."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from features.artefacts.code import code_version
from features.registry.ledger import now_utc

__all__ = ["CARD_FORMAT", "Card"]

CARD_FORMAT = 1
"""Version of the card's own layout."""


@dataclass(frozen=True)
class Card:
    """What an artefact says of itself.

    Attributes
    ----------
    kind, key
        Which artefact this is.
    inputs
        The keys (or versions, or encoder ids) it was made from.
    settings
        The settings that shaped it.
    facts
        What was found while making it: rows, errors, seconds, findings of the gate.
    made_at
        ISO 8601, UTC.
    """

    kind: str
    key: str
    inputs: dict[str, Any]
    settings: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    code: str = field(default_factory=code_version)
    made_at: str = field(default_factory=now_utc)
    card_format: int = CARD_FORMAT

    def to_json(self) -> str:
        """One line of JSON, as kept in the file's own metadata."""
        # Escaped, for the name of a file may hold bytes that are no text.
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card back; keys that a newer version added are passed over."""
        raw = json.loads(text)
        return cls(**{name: raw[name] for name in cls.__dataclass_fields__ if name in raw})
