"""Column names that publishers use for texts and labels, best first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NO_HINT", "WHOLE_NAME", "label_rank", "pairs_among", "text_rank"]

_TEXTS = (
    ("text",),
    ("sentence", "tweet", "review", "utterance", "comment", "post", "message", "document", "content", "body"),
    (
        "sms",
        "headline",
        "question",
        "premise",
        "essay",
        "abstract",
        "passage",
        "paragraph",
        "snippet",
        "claim",
    ),
    (
        "response",
        "query",
        "article",
        "description",
        "title",
        "statement",
        "argument",
        "phrase",
        "input",
        "data",
    ),
)
_LABELS = (
    ("label", "labels", "gold_label", "y"),
    ("class", "category", "target", "gold"),
    (
        "sentiment",
        "emotion",
        "intent",
        "topic",
        "stance",
        "tag",
        "toxicity",
        "polarity",
        "is_duplicate",
        "spam",
    ),
    ("score", "rating", "stars", "grade", "similarity", "annotation", "outcome", "value", "type", "relation"),
)
_PAIRS = (
    ("premise", "hypothesis"),
    ("claim", "evidence"),
    ("query", "passage"),
    ("query", "document"),
    ("question", "passage"),
    ("question", "context"),
    ("question", "sentence"),
    ("question", "answer"),
    ("text", "hypothesis"),
    ("source", "target_text"),
    ("argument", "keypoint"),
    ("headline", "bodytext"),
)
NO_HINT = 9
"""The rank of a name that says nothing."""
WHOLE_NAME = 5
"""Ranks below this are those of whole names; the rest only have a telling word among others."""


def _parts(name: str) -> list[str]:
    """``labelBias``, ``label_bias`` and ``Label bias`` are one name."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name.strip())
    return [part for part in re.split(r"[^a-z0-9]+", spaced.lower()) if part]


def _group_of(name: str, groups: tuple[tuple[str, ...], ...]) -> int | None:
    whole = "_".join(_parts(name))
    return next((rank for rank, names in enumerate(groups) if whole in names), None)


def _holds(name: str, words: tuple[str, ...]) -> bool:
    return any(part in words or part.rstrip("s") in words for part in _parts(name))


def text_rank(name: str) -> int:
    """Rank a name as that of a text: 0 for the likeliest, :data:`NO_HINT` for one that says nothing."""
    group = _group_of(name, _TEXTS)
    if group is not None:
        return group
    return next((rank + WHOLE_NAME for rank, names in enumerate(_TEXTS[:3]) if _holds(name, names)), NO_HINT)


def label_rank(name: str) -> int:
    """Rank a name as that of a label: 0 for the likeliest, :data:`NO_HINT` for one that says nothing.

    ``label_bias`` ranks before ``topic``, which often describes a text rather than labels it. Words such as
    ``type`` or ``score`` tell nothing beside others: a table of "F-score" and "I-score" is no hint.
    """
    group = _group_of(name, _LABELS)
    if group is not None:
        return group if group < 2 else group + 1
    if _holds(name, ("label", "gold")):
        return 2
    return next((rank + WHOLE_NAME for rank, names in enumerate(_LABELS[:3]) if _holds(name, names)), NO_HINT)


_SIDES = {"1": "2", "0": "1", "a": "b", "left": "right", "first": "second", "one": "two"}
_SUFFIXED = re.compile(
    r"^(?P<stem>.*?[a-z])_?(?P<side>[012])$|^(?P<stem_>.+)_(?P<side_>[ab]|left|right|first|second|one|two)$"
)
_PREFIXED = re.compile(r"^(?P<side>left|right|first|second)_(?P<stem>.+)$")


def pairs_among(names: Iterable[str]) -> list[tuple[str, str]]:
    """Find the names that are those of the two texts of a pair, first and second.

    Only the names are looked at: ``subtask_a`` and ``subtask_b`` are a pair of something too.
    """
    called: dict[str, list[str]] = {}
    sides: dict[tuple[str, str], list[str]] = {}
    for name in names:
        plain = "_".join(_parts(name))
        called.setdefault(plain, []).append(name)
        if side := _side(plain):
            sides.setdefault(side, []).append(name)
    # Looked up rather than compared each with each: a wide table has thousands of names.
    groups = [(called.get(first, []), called.get(second, [])) for first, second in _PAIRS]
    groups += [(found, sides.get((stem, _SIDES.get(side, "")), [])) for (stem, side), found in sides.items()]
    return list(dict.fromkeys((a, b) for first, second in groups for a in first for b in second))


def _side(name: str) -> tuple[str, str] | None:
    """Split ``sentence1`` into ``sentence`` and ``1``."""
    if match := _SUFFIXED.match(name):
        return match["stem"] or match["stem_"], match["side"] or match["side_"]
    if match := _PREFIXED.match(name):
        return match["stem"], match["side"]
    return None
