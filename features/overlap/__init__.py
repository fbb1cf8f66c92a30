"""The leak check: sketches of a dataset's texts, and how much of a target a source already contains."""

from features.overlap.compact import compact_sketch
from features.overlap.compare import Overlap, TargetIndex, compare, compare_many
from features.overlap.examples import find_examples
from features.overlap.normalise import normalise_text
from features.overlap.settings import OverlapSettings
from features.overlap.sketch import Sketch, make_sketch

__all__ = [
    "Overlap",
    "OverlapSettings",
    "Sketch",
    "TargetIndex",
    "compact_sketch",
    "compare",
    "compare_many",
    "find_examples",
    "make_sketch",
    "normalise_text",
]
