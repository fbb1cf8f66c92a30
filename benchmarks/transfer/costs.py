"""What a scorer's answer costs a source: seconds of computing before it can be scored, bytes kept for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from features.artefacts.files import read_arrays_card
from features.artefacts.tuned_features import tuned_model_folder
from models.scorers import get_scorer
from models.scorers.needs import Need

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.registry import Entry

__all__ = ["cost_of"]

_OF_TUNING = frozenset({Need.SOURCE_HEAD, Need.SOURCE_FISHER, Need.SOURCE_UPDATE})
_OF_TEXTS = frozenset(
    {
        Need.SOURCE_SAMPLE,
        Need.SOURCE_CENTROID,
        Need.SOURCE_SENTENCE_CENTROID,
        Need.SOURCE_TOKENS,
        Need.SOURCE_TOKEN_VECTORS,
    }
)


def cost_of(plan: Plan, source: Entry, scorer: str) -> tuple[float, int]:
    """Seconds and bytes of a source for a scorer, once for all targets, from the cards and files of its artefacts.

    A scorer on ESM features needs the ESM, on tuned features the whole tuned model; one that goes by texts needs the
    embeddings' file; one by head, Fisher or update the moments' file, which holds the sums as well. Nothing else of a
    file than its size is looked at, so bytes are an upper bound.
    """
    keys = plan.source_keys(source)
    files = {kind: plan.path(kind, key) for kind, key in
             (("embeddings", keys.embedding), ("moments", keys.moments), ("esms", keys.esm))}  # fmt: skip
    seconds = {kind: float(read_arrays_card(path).facts["seconds"]) for kind, path in files.items()}
    known = get_scorer(scorer)
    needed: set[str] = set()
    size = 0
    if Need.FEATURES in known.needs and known.on == "tuned":
        needed |= {"moments"}  # tuning is most of it
        folder = Path(tuned_model_folder(plan, source))
        size += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    elif Need.FEATURES in known.needs:
        needed |= {"embeddings", "moments", "esms"}
        size += files["esms"].stat().st_size
    if known.needs & _OF_TEXTS:
        needed |= {"embeddings"}
        size += files["embeddings"].stat().st_size
    if known.needs & _OF_TUNING:
        needed |= {"embeddings", "moments"}
        size += files["moments"].stat().st_size
    return round(sum(seconds[kind] for kind in needed), 1), size
