"""``springboard rebuild``: every table of LanceDB anew, from files alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from features.artefacts.batches import Batches
from features.artefacts.files import read_arrays_card
from features.publishing import frames
from features.rankings.history import RankingLedger, returns
from features.rankings.ranking import read_ranking
from features.rankings.scoring import SCORES
from features.registry.entries import Kind
from features.store import rebuild
from models.tasks import OnProgress, silent

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.store import Rebuilt

__all__ = ["missing_datasets", "rebuild_store"]


def rebuild_store(plan: Plan, on_progress: OnProgress = silent) -> Rebuilt:
    """Make LanceDB anew from the artefact files; ranking ids stay what they are, since files carry them.

    The old store serves until the new one is whole. A file that cannot be read stops the rebuild and leaves
    the old store as it was.

    Raises
    ------
    ArtefactError
        An artefact file is broken.
    StoreError
        What the files hold does not fit the store's tables.
    """
    workspace = plan.workspace
    total = sum(
        len(list(workspace.folder(kind).glob("[!.]*")))
        for kind in ("datasets", "pools", "embeddings", "esms")
    )
    return rebuild(
        workspace.store_uri,
        _all_frames(plan),
        lock_dir=workspace.private / "locks",
        lock_timeout=workspace.settings.run.lock_timeout_seconds,
        total=total,
        on_progress=on_progress,
    )


def missing_datasets(plan: Plan) -> list[str]:
    """The names of registered datasets whose files ``data/`` lacks, as in a clone without them: nothing serves them."""
    registry = plan.registry
    own = [entry for kind in Kind for entry in registry.current(kind).values()]
    missing = [one.name for one in own if not plan.path("datasets", one.version).exists()]
    missing += [one.name for one in registry.pooled().values() if not plan.path("pools", one.file).exists()]
    return list(dict.fromkeys(missing))


def _all_frames(plan: Plan) -> Iterator[tuple[str, pl.DataFrame]]:
    workspace = plan.workspace
    seen: set[str] = set()
    for path in sorted(workspace.folder("datasets").glob("[!.]*.parquet")):
        yield "dataset_profile", frames.profile_rows(path)
    for path in sorted(workspace.folder("pools").glob("[!.]*.safetensors")):
        # Of rows that are here too the dataset's own file says it already.
        version = read_arrays_card(path).inputs["dataset"]
        if version not in seen and not plan.path("datasets", version).exists():
            yield "dataset_profile", frames.pooled_profile_rows(path)
        seen.add(version)
        yield "centroid", frames.pooled_centroid_rows(path)
    for path in sorted(workspace.folder("embeddings").glob("[!.]*.safetensors")):
        dataset = plan.path("datasets", read_arrays_card(path).inputs["dataset"])
        yield "row_embedding", frames.sample_rows(path, dataset)
        yield "centroid", frames.centroid_rows(path)
    for path in sorted(workspace.folder("esms").glob("[!.]*.safetensors")):
        # An imported map has no rows here and no encoder id: it is ranked, and not served as a feature.
        if read_arrays_card(path).kind == "esm":
            yield "esm", frames.esm_rows(path)
    scores = Batches(workspace.folder("scores"), SCORES).read()
    if len(scores):
        yield "score", frames.score_rows(scores)
    for path in sorted(workspace.folder("rankings").glob("[!.]*.json")):
        yield "ranking", frames.ranking_rows(read_ranking(workspace.folder("rankings"), path.stem))
    for line in returns(RankingLedger(workspace).lines()):
        if (workspace.folder("rankings") / f"{line['ranking_id']}.json").exists():
            ranking = read_ranking(workspace.folder("rankings"), line["ranking_id"])
            yield "ranking", frames.ranking_rows(ranking, line["at"])
