"""Base embeddings: all rows of a target, a sample and the centroid of a source, and the tokens of both."""

from __future__ import annotations

import hashlib
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.cards import Card
from features.artefacts.encoders import encoder_of
from features.artefacts.files import read_arrays, read_table, write_arrays
from features.gate.artefacts import check_embeddings
from features.record.recorder import mark_unrecorded
from features.registry.entries import Entry, Kind
from models.errors import ArtefactError, GateError
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from models.encoder import Encoder

__all__ = [
    "base_embeddings",
    "drop_scratch",
    "embed_rows",
    "make_embedding",
    "read_centroid",
    "target_embeddings",
]


_TOKEN_ROWS, _TOKEN_VECTORS = 64, 256
"""How many rows token vectors are drawn from, and how many vectors: 200 kB a dataset for MiniLM."""


def embed_rows(encoder: Encoder, rows: pl.DataFrame, on_progress: OnProgress = silent) -> NDArray[np.float32]:
    """Embeddings of canonical rows, [n, d] float32; pairs are encoded as pairs."""
    return encoder.embed(*_texts(rows), on_progress=on_progress)


def _scratch_key(plan: Plan, version: str) -> str:
    return f"base-{version}-{plan.encoder[:16]}"


def base_embeddings(plan: Plan, entry: Entry, on_progress: OnProgress = silent) -> NDArray[np.float32]:
    """All base embeddings of a dataset, [n, d].

    They are kept as a scratch file until the moments are made, so that an ingest that was interrupted does
    not embed again; a worker on another machine, which has no such file, embeds for itself.

    Raises
    ------
    ArtefactError
        The dataset's rows are missing or broken.
    GateError
        The embeddings are not finite, of the wrong width, or constant.
    """
    path = plan.workspace.scratch / f"{_scratch_key(plan, entry.version)}.safetensors"
    if path.exists():
        try:
            return read_arrays(path)["vectors"]
        except (ArtefactError, KeyError):
            path.unlink(missing_ok=True)
    rows = read_table(plan.path("datasets", entry.version))
    encoder = encoder_of(plan)
    vectors = embed_rows(encoder, rows, on_progress)
    report = check_embeddings(
        vectors,
        width=encoder.dim,
        rows=len(rows),
        name=entry.name,
        settings=plan.workspace.settings.gate,
        docs=plan.workspace.reports,
    )
    if report.stopped:
        raise GateError(
            f"the embeddings of {entry.kind.value} '{entry.name}' were refused: {'; '.join(report.reasons)}",
            consequence="nothing of them was stored",
            next_step=f"look at the texts and the encoder, then springboard "
            f"{'ingest' if entry.kind is Kind.SOURCE else 'refresh'}",
        )
    write_arrays(path, {"vectors": vectors}, Card("scratch", path.stem, {}, {}))
    return vectors


def drop_scratch(plan: Plan, version: str) -> None:
    """Forget the scratch embeddings of a dataset."""
    (plan.workspace.scratch / f"{_scratch_key(plan, version)}.safetensors").unlink(missing_ok=True)


def _seed(version: str) -> int:
    # Seeded by the rows themselves: the same dataset gives the same sample everywhere.
    return int.from_bytes(hashlib.sha256(version.encode()).digest()[:8], "little")


def _sample(version: str, n: int, size: int | None) -> NDArray[np.int32]:
    if size is None or size >= n:
        return np.arange(n, dtype=np.int32)
    chosen = np.random.default_rng(_seed(version)).choice(n, size=size, replace=False)
    return np.sort(chosen).astype(np.int32)


def _token_arrays(plan: Plan, entry: Entry) -> dict[str, NDArray[Any]]:
    """Count all rows' tokens and draw some tokens' vectors from a few rows: seconds where embedding takes minutes."""
    rows = read_table(plan.path("datasets", entry.version))
    encoder = encoder_of(plan)
    ids, counts = encoder.count_tokens(*_texts(rows))
    few = rows[_sample(entry.version, len(rows), _TOKEN_ROWS).tolist()]
    vectors = encoder.sample_token_vectors(*_texts(few), size=_TOKEN_VECTORS, seed=_seed(entry.version))
    return {
        "tokens.ids": ids,
        "tokens.counts": counts,
        "token_vectors": vectors.astype(np.float16),
    }


def _texts(rows: pl.DataFrame) -> tuple[list[str], list[str] | None]:
    second = rows["text_b"]
    return rows["text_a"].to_list(), None if second.null_count() == len(second) else second.to_list()


def make_embedding(plan: Plan, entry: Entry, on_progress: OnProgress = silent) -> str:
    """Make the embedding artefact of a source or target unless it is there; returns its key.

    The file holds ``vectors`` [m, d] float32, the row numbers they belong to ``rows`` [m] int32, and the
    ``centroid`` [d] of all rows; of the texts' tokens without special ones, ``tokens.ids`` and ``tokens.counts`` [v]
    int32 over all rows, and ``token_vectors`` [t, d] float16, up to 256 of them in context from up to 64 rows.
    """
    key = plan.embedding_key(entry.version, entry.kind)
    path = plan.path("embeddings", key)
    if path.exists():
        return key
    started = perf_counter()
    vectors = base_embeddings(plan, entry, on_progress)
    size = plan.workspace.settings.store.sample_rows if entry.kind is Kind.SOURCE else None
    rows = _sample(entry.version, len(vectors), size)
    tokens = _token_arrays(plan, entry)
    card = Card(
        "embedding",
        key,
        inputs={"dataset": entry.version, "encoder": plan.encoder},
        settings={"sample_rows": size},
        facts={
            "rows_embedded": len(vectors),
            "rows_kept": len(rows),
            "dim": int(vectors.shape[1]),
            "tokens": int(tokens["tokens.counts"].sum()),
            "token_vectors": len(tokens["token_vectors"]),
            "seconds": round(perf_counter() - started, 3),
        },
    )
    arrays = {
        "vectors": vectors[rows],
        "rows": rows,
        "centroid": vectors.mean(axis=0, dtype=np.float64).astype(np.float32),
        **tokens,
    }
    mark_unrecorded(plan.workspace)
    write_arrays(path, arrays, card)
    if entry.kind is Kind.TARGET:
        drop_scratch(plan, entry.version)
    return key


def target_embeddings(plan: Plan, target: Entry) -> NDArray[np.float32]:
    """The stored embeddings of all rows of a target, [n, d], in the order of its dataset file."""
    path = plan.path("embeddings", plan.embedding_key(target.version, Kind.TARGET))
    return read_arrays(path, ["vectors"])["vectors"]


def read_centroid(plan: Plan, entry: Entry) -> NDArray[np.float32]:
    """The mean base embedding [d] of all rows of a source or target; nothing else is read from the file."""
    path = plan.path("embeddings", plan.embedding_key(entry.version, entry.kind))
    return np.asarray(read_arrays(path, ["centroid"])["centroid"], dtype=np.float32)
