"""Artefacts: one file per key, each with a card saying what it was made from; made only where missing."""

from __future__ import annotations

from features.artefacts.cards import Card
from features.artefacts.keys import RECIPES, key_of

__all__ = ["RECIPES", "Card", "key_of"]
