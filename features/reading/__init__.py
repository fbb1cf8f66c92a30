"""Reading datasets: a reference in, canonical rows out, with the mapping and the origin written down."""

from __future__ import annotations

from features.reading.canonical import cap_rows, dataset_version
from features.reading.dataset import JSON, Mapping, ReadDataset
from features.reading.options import ReadOptions
from features.reading.read import read_dataset

__all__ = ["JSON", "Mapping", "ReadDataset", "ReadOptions", "cap_rows", "dataset_version", "read_dataset"]
