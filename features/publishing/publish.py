"""Publishing: what is in the files and not yet in LanceDB goes there; nothing that is there is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.artefacts.batches import Batches
from features.publishing import frames
from features.rankings.history import RankingLedger, returns
from features.rankings.ranking import read_ranking
from features.rankings.scoring import SCORES
from features.registry.entries import Kind
from features.store import Store
from models.errors import ArtefactError

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.rankings.refresh import Refreshed

__all__ = ["open_store", "publish_ranking", "publish_rankings"]


def open_store(plan: Plan) -> Store:
    """The workspace's LanceDB, with the registry to look names up in.

    Raises
    ------
    StoreError
        A table is broken; ``springboard rebuild`` makes it anew.
    """
    workspace = plan.workspace
    return Store.open(
        workspace.store_uri,
        lock_dir=workspace.private / "locks",
        lock_timeout=workspace.settings.run.lock_timeout_seconds,
        resolver=plan.registry.resolve,
    )


def publish_rankings(plan: Plan) -> int:
    """Publish every ranking of the ledger that the store lacks, with its target's scores; returns the new rows.

    A run that was killed between its ledger line and the store leaves a fresh target whose ranking is not
    served; this catches up with it.
    """
    store = open_store(plan)
    every = RankingLedger(plan.workspace).lines()
    lines = {line["ranking_id"]: line for line in every}
    published = 0
    for ranking_id in store.missing_keys("ranking", list(lines)):
        line = lines[ranking_id]
        try:
            ranking = read_ranking(plan.workspace.folder("rankings"), ranking_id)
            scores = Batches(plan.workspace.folder("scores"), SCORES).read(line["target_version"])
            published += _publish_target(plan, store, line["target_version"])
        except ArtefactError:
            continue  # `rank` says so to whom it concerns; it must not keep back the others.
        published += store.publish("score", frames.score_rows(scores))
        published += store.publish("ranking", frames.ranking_rows(ranking))
    return published + _publish_returns(plan, store, every)


def _publish_returns(plan: Plan, store: Store, lines: list[dict[str, Any]]) -> int:
    """Rankings that are the newest once more (restored ones are) get a row that says so."""
    again = {frames.again_key(line["ranking_id"], line["at"]): line for line in returns(lines)}
    published = 0
    for key in store.missing_keys("ranking", list(again)) if again else ():
        line = again[key]
        try:
            ranking = read_ranking(plan.workspace.folder("rankings"), line["ranking_id"])
        except ArtefactError:
            continue
        published += store.publish("ranking", frames.ranking_rows(ranking, line["at"]))
    return published


def _publish_target(plan: Plan, store: Store, version: str) -> int:
    published = 0
    if store.missing_keys("dataset_profile", [version]):
        published += store.publish("dataset_profile", frames.profile_rows(plan.path("datasets", version)))
    key = plan.embedding_key(version, Kind.TARGET)
    if store.missing_keys("centroid", [key]) and plan.path("embeddings", key).exists():
        published += _publish_embedding(plan, store, version, key)
    return published


def _publish_embedding(plan: Plan, store: Store, version: str, key: str) -> int:
    path = plan.path("embeddings", key)
    rows = store.publish("row_embedding", frames.sample_rows(path, plan.path("datasets", version)))
    # The centroid goes last: where it is, the rows are.
    return rows + store.publish("centroid", frames.centroid_rows(path))


def publish_ranking(plan: Plan, refreshed: Refreshed) -> int:
    """Publish a refreshed target: its profile, embeddings, scores and ranking; returns the number of new rows."""
    store = open_store(plan)
    target = plan.registry.get(Kind.TARGET, refreshed.target)
    published = _publish_target(plan, store, target.version)
    published += store.publish("score", frames.score_rows(refreshed.scores))
    return published + store.publish("ranking", frames.ranking_rows(refreshed.ranking))
