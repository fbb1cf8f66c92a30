"""Centroids by the sentence encoder, where that is another than the encoder: made when a scorer needs one."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from features.artefacts.cards import Card
from features.artefacts.embeddings import embed_rows, read_centroid
from features.artefacts.encoders import sentence_encoder_of
from features.artefacts.files import read_arrays, read_table, write_arrays
from features.record.recorder import mark_unrecorded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["sentence_centroid", "sentence_centroid_key"]


def sentence_centroid_key(plan: Plan, entry: Entry) -> str:
    """The key of the artefact that a dataset's sentence centroid is read from."""
    if plan.sentence_encoder == plan.encoder:
        return plan.embedding_key(entry.version, entry.kind)
    return plan.sentence_key(entry.version)


def sentence_centroid(plan: Plan, entry: Entry) -> NDArray[np.float32]:
    """Mean embedding [e] of all rows of a source or target by the sentence encoder.

    Where that is the encoder itself this is the ordinary centroid; else all rows are embedded the first time,
    which for a source takes as long as its base embeddings did.

    Raises
    ------
    ArtefactError
        The dataset's rows or embeddings are missing or broken.
    EncoderError, ReadError
        The sentence encoder cannot be loaded.
    """
    if plan.sentence_encoder == plan.encoder:
        return read_centroid(plan, entry)
    key = plan.sentence_key(entry.version)
    path = plan.path("sentences", key)
    if not path.exists():
        started = perf_counter()
        rows = read_table(plan.path("datasets", entry.version))
        vectors = embed_rows(sentence_encoder_of(plan), rows)
        card = Card(
            "sentences",
            key,
            inputs={"dataset": entry.version, "encoder": plan.sentence_encoder},
            settings={},
            facts={"rows_embedded": len(rows), "seconds": round(perf_counter() - started, 3)},
        )
        mark_unrecorded(plan.workspace)
        write_arrays(path, {"centroid": vectors.mean(axis=0, dtype=np.float64).astype(np.float32)}, card)
    return np.asarray(read_arrays(path, ["centroid"])["centroid"], dtype=np.float32)
