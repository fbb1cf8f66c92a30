"""ESM files: fitted from moments in closed form, a fraction of a second each."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from features.artefacts.cards import Card
from features.artefacts.files import read_arrays, write_arrays
from features.artefacts.plan import esm_settings
from features.audit import note
from features.gate.artefacts import check_esm
from features.record.recorder import mark_unrecorded
from models.errors import ArtefactError, GateError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry.entries import Entry
    from models.esm import ESM

__all__ = ["make_esm", "read_esm"]


def make_esm(plan: Plan, source: Entry) -> str:
    """Fit a source's ESM from its moments unless it is there; returns its key.

    A map that is no better than the identity on held-out rows is stored with that finding on its card.

    Raises
    ------
    ArtefactError
        The moments are missing or broken.
    GateError
        The map is not finite.
    """
    keys = plan.source_keys(source)
    path = plan.path("esms", keys.esm)
    if path.exists():
        return keys.esm
    from models.esm import Moments, esm_bytes, fit_with_curve

    settings = plan.workspace.settings
    started = perf_counter()
    moments = Moments.from_arrays(read_arrays(plan.path("moments", keys.moments)))
    fit = fit_with_curve(
        moments,
        rank=settings.esm.rank,
        strengths=settings.esm.strengths,
        max_bytes=settings.esm.max_bytes,
        tolerance=settings.esm.tolerance,
    )
    esm = fit.esm
    arrays = esm.to_arrays()
    report = check_esm(
        arrays,
        heldout_error=esm.heldout_error,
        identity_error=esm.identity_error,
        name=source.name,
        settings=settings.gate,
        docs=plan.workspace.reports,
    )
    if report.stopped:
        raise GateError(
            f"the ESM of source '{source.name}' was refused: {'; '.join(report.reasons)}",
            consequence="it was not stored; the source stays pending",
            next_step="springboard ingest after mending what is named",
        )
    card = Card(
        "esm",
        keys.esm,
        inputs={
            "moments": keys.moments,
            "dataset": source.version,
            "encoder": plan.encoder,
            "tuned_model": source.tuned_model_id,
        },
        settings=esm_settings(settings.esm),
        facts={
            "rank": esm.rank,
            "dim": int(esm.b.shape[0]),
            "strength": esm.strength,
            "heldout_error": esm.heldout_error,
            "identity_error": esm.identity_error,
            "heldout_r2": esm.heldout_r2,
            "bytes": esm_bytes(esm.dim, esm.rank),
            "rank_curve": [round(error, 6) for error in fit.curve.tolist()],
            "warnings": list(report.reasons),
            "seconds": round(perf_counter() - started, 3),
        },
    )
    mark_unrecorded(plan.workspace)
    write_arrays(path, arrays, card)
    note(plan.workspace, "source ingested", {"name": source.name, "version": source.version, "esm": keys.esm})
    return keys.esm


def read_esm(plan: Plan, key: str, dim: int) -> ESM:
    """Read an ESM and check that it fits an encoder's width.

    Raises
    ------
    ArtefactError
        The file is missing or broken, holds values that are not finite, or maps another width.
    """
    import numpy as np

    from models.esm import ESM

    path = plan.path("esms", key)
    arrays = read_arrays(path)
    # What was never measured of an imported map is NaN; the map itself must not be.
    if not all(np.isfinite(array).all() for name, array in arrays.items() if name != "figures"):
        raise ArtefactError(f"ESM '{path.name}' holds values that are not finite")
    try:
        esm = ESM.from_arrays(arrays)
    except (KeyError, ValueError, IndexError) as problem:
        raise ArtefactError(f"ESM '{path.name}' cannot be read: {problem}") from problem
    if esm.b.shape != (dim,):
        raise ArtefactError(f"ESM '{path.name}' is {esm.b.shape[0]} wide where the encoder gives {dim}")
    return esm
