"""A target's embeddings by a source's really tuned encoder, where that was kept or brought along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.artefacts.cards import Card
from features.artefacts.embeddings import embed_rows
from features.artefacts.encoders import encoder_of
from features.artefacts.files import read_arrays, read_table, write_arrays
from features.registry.places import located
from models.errors import ArtefactError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.artefacts.plan import Plan
    from features.registry.entries import Entry

__all__ = ["tuned_features", "tuned_model_folder"]


def tuned_model_folder(plan: Plan, source: Entry) -> str:
    """The folder or reference of a source's tuned model, whether it is there or not."""
    if source.tuned_model is not None:
        return located(plan.workspace, source.tuned_model)
    key = plan.source_keys(source).moments
    return str(plan.workspace.root / "tuned_models" / f"{source.name}-{key[:12]}")


def tuned_features(plan: Plan, source: Entry, target: Entry) -> NDArray[np.float32]:
    """Embed all rows of a target with a source's tuned encoder, [n, d].

    They are kept as a scratch file, for several scorers ask for them; scores are what is recorded.

    Raises
    ------
    ArtefactError
        The tuned model was dropped after the ingest, or the target's rows are broken.
    EncoderError, ReadError
        The tuned model cannot be loaded.
    """
    key = plan.source_keys(source).moments
    path = plan.workspace.scratch / f"tuned-{key[:24]}-{target.version[:24]}.safetensors"
    if path.exists():
        try:
            return read_arrays(path)["vectors"]
        except (ArtefactError, KeyError):
            path.unlink(missing_ok=True)
    folder = tuned_model_folder(plan, source)
    if source.tuned_model is None and not (plan.workspace.root / folder).is_dir():
        raise ArtefactError(
            f"the tuned model of source '{source.name}' was dropped after its ingest",
            consequence="it is left out of this scorer's rankings",
            next_step=f"set run.keep_tuned_models in params.yaml, delete '{plan.path('moments', key)}', "
            "then springboard ingest",
        )
    from models.tuning import load_tuned

    rows = read_table(plan.path("datasets", target.version))
    vectors = embed_rows(load_tuned(folder, encoder_of(plan)).encoder, rows)
    write_arrays(path, {"vectors": vectors}, Card("scratch", path.stem, {}, {}))
    return vectors
