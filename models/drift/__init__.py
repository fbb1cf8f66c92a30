"""Whether two samples are of one kind: embeddings, classes and numbers, old ones against new ones."""

from __future__ import annotations

from models.drift.classes import class_test, total_variation
from models.drift.kernel import kernel_test
from models.drift.numbers import number_test
from models.drift.places import centroid_shift
from models.drift.result import Tested

__all__ = ["Tested", "centroid_shift", "class_test", "kernel_test", "number_test", "total_variation"]
