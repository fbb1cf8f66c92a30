"""Traces of encoders tuned on targets: made only when a scorer compares weights, and kept for the next time."""

from __future__ import annotations

from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING

from features.artefacts.cards import Card
from features.artefacts.files import read_table, write_arrays
from features.artefacts.moments import traces_of, tuned_encoder
from features.record.recorder import mark_unrecorded
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["make_target_traces"]


def make_target_traces(plan: Plan, target: Entry, on_progress: OnProgress = silent) -> str:
    """Tune the encoder on a target as sources are tuned, and keep what weights are compared by; returns the key.

    Unless it is there already. The tuned weights are dropped. The file holds the arrays of
    :meth:`models.tuning.traces.Traces.to_arrays`.

    Raises
    ------
    TuningError
        Fine-tuning diverged or cannot start.
    ArtefactError
        The target's rows are missing or broken.
    """
    key = plan.traces_key(target.version)
    path = plan.path("traces", key)
    if path.exists():
        return key
    started = perf_counter()
    rows = read_table(plan.path("datasets", target.version))
    tuned = tuned_encoder(plan, target, rows, on_progress)
    traces = traces_of(plan, tuned, rows, target)
    card = Card(
        "traces",
        key,
        inputs={"dataset": target.version, "encoder": plan.encoder},
        settings={"tuning": asdict(plan.workspace.settings.tuning)},
        facts={
            "task": target.task.value,
            "rows": len(rows),
            "steps": len(tuned.losses),
            **traces.facts(),
            "seconds": round(perf_counter() - started, 3),
        },
    )
    mark_unrecorded(plan.workspace)
    write_arrays(path, traces.to_arrays(), card)
    return key
