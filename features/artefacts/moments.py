"""Moments: fine-tune the encoder on a source (or take a tuned one), embed again, keep the statistics.

What later scorers need of the tuned weights is kept in the same file, before the weights are dropped: the head, and
the traces of :mod:`models.tuning.traces`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from features.artefacts.cards import Card
from features.artefacts.embeddings import base_embeddings, drop_scratch, embed_rows
from features.artefacts.encoders import encoder_of
from features.artefacts.files import read_table, write_arrays
from features.gate.artefacts import check_moments
from features.record.recorder import mark_unrecorded
from features.registry.places import located
from models.errors import GateError
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry
    from models.tuning import TunedEncoder
    from models.tuning.traces import Traces

__all__ = ["StepProgress", "make_moments", "traces_of", "tuned_encoder"]

StepProgress = Callable[[str], OnProgress]
"""Gives the progress callback of a named part of a step ("tune", "embed")."""


def _no_progress(part: str) -> OnProgress:
    return silent


def make_moments(plan: Plan, source: Entry, progress: StepProgress = _no_progress) -> str:
    """Make a source's moments unless they are there; returns their key.

    The tuned model is dropped afterwards unless ``run.keep_tuned_models`` is set.
    The file holds the sums of :mod:`models.esm.layout`; ``head.weight`` [c, d] and ``head.bias`` [c] float32 where
    there is a head; and the arrays of :meth:`models.tuning.traces.Traces.to_arrays` that can be had. Its card
    says what the head's outputs mean, and why something is absent.

    Raises
    ------
    TuningError
        Fine-tuning diverged or cannot start.
    EncoderError
        The model tuned elsewhere is not of this encoder's kind.
    GateError
        What came out is not finite.
    """
    key = plan.source_keys(source).moments
    path = plan.path("moments", key)
    if path.exists():
        drop_scratch(plan, source.version)
        return key
    from models.esm import Moments, assign_folds

    settings = plan.workspace.settings
    rows = read_table(plan.path("datasets", source.version))
    base = base_embeddings(plan, source, progress("embed"))
    started = perf_counter()
    tuned = tuned_encoder(plan, source, rows, progress("tune"))
    tuned_vectors = embed_rows(tuned.encoder, rows, progress("embed tuned"))
    folds = assign_folds(rows["label"].to_list(), source.task, settings.esm.folds, settings.esm.seed)
    arrays: dict[str, NDArray[Any]] = dict(
        Moments.from_pairs(base, tuned_vectors, folds, settings.esm.folds).to_arrays()
    )
    traces = traces_of(plan, tuned, rows, source)
    arrays |= _head_arrays(tuned) | traces.to_arrays()
    report = check_moments(arrays, name=source.name, settings=settings.gate, docs=plan.workspace.reports)
    if report.stopped:
        raise GateError(
            f"the moments of source '{source.name}' were refused: {'; '.join(report.reasons)}",
            consequence="they were not stored; the source stays pending",
            next_step="lower tuning.learning_rate in params.yaml, then springboard ingest",
        )
    card = Card(
        "moments",
        key,
        inputs={"dataset": source.version, "encoder": plan.encoder, "tuned_model": source.tuned_model_id},
        settings={
            "tuning": None if source.tuned_model else asdict(settings.tuning),
            "folds": settings.esm.folds,
            "seed": settings.esm.seed,
        },
        facts={
            "task": source.task.value,
            "rows": len(rows),
            "classes": list(tuned.head.classes),
            "head": _head_facts(tuned),
            **traces.facts(),
            "tuned_model": source.tuned_model,
            "first_loss": _finite(tuned.losses[0]) if tuned.losses else None,
            "last_loss": _finite(tuned.losses[-1]) if tuned.losses else None,
            "steps": len(tuned.losses),
            "seconds": round(perf_counter() - started, 3),
        },
    )
    mark_unrecorded(plan.workspace)
    write_arrays(path, arrays, card)
    if settings.run.keep_tuned_models:
        tuned.save(plan.workspace.root / "tuned_models" / f"{source.name}-{key[:12]}")
    drop_scratch(plan, source.version)
    return key


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _head_facts(tuned: TunedEncoder) -> dict[str, Any]:
    head = tuned.head
    return {"label_mean": head.label_mean, "label_std": head.label_std, "note": head.note}


def tuned_encoder(plan: Plan, entry: Entry, rows: pl.DataFrame, on_progress: OnProgress) -> TunedEncoder:
    """The encoder tuned on a dataset by the settings, or the model tuned elsewhere that it came with."""
    from models.tuning import load_tuned, tune

    encoder = encoder_of(plan)
    if entry.tuned_model is not None:
        return load_tuned(located(plan.workspace, entry.tuned_model), encoder)
    pairs = rows["text_b"].to_list() if entry.task.is_pair else None
    return tune(
        encoder,
        rows["text_a"].to_list(),
        pairs,
        rows["label"].to_list(),
        entry.task,
        plan.workspace.settings.tuning,
        on_progress=on_progress,
    )


def traces_of(plan: Plan, tuned: TunedEncoder, rows: pl.DataFrame, entry: Entry) -> Traces:
    """What is kept of an encoder's tuning on a dataset's rows."""
    from models.tuning.traces import trace

    pairs = rows["text_b"].to_list() if entry.task.is_pair else None
    labels = rows["label"].to_list()
    return trace(encoder_of(plan), tuned, rows["text_a"].to_list(), pairs, labels, entry.task)


def _head_arrays(tuned: TunedEncoder) -> dict[str, NDArray[Any]]:
    if not tuned.head.is_known:
        return {}
    return {"head.weight": tuned.head.weight, "head.bias": tuned.head.bias}
