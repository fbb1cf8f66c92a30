"""Imported ESMs are ranked with the encoder and pooling they stand on, and with no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cli import Cli
from support.exchange_esms import Esm
from support.workspaces import change_params, ingest, refresh

from features.artefacts.embeddings import target_embeddings
from features.artefacts.files import read_table
from features.artefacts.plan import Plan
from features.exchange import take_esms
from features.exchange.imports import Import
from features.exchange.standing import EncoderFacts, same_model, why_not
from features.exchange.taking import ImportOptions
from features.publishing import open_store, publish_ranking, publish_sources, rebuild_store
from features.rankings import stale_targets
from features.rankings.overlaps import leaks_of
from features.rankings.pool import Pool
from features.record import record
from features.registry import Kind
from features.reports.workspace import report_workspace
from features.workspace import Workspace
from models.encoder.settings import EncoderSettings
from models.esm.exchange import read_exchange
from models.scorers import get_scorer
from models.tasks import Task


def _ranking(workspace: Workspace, target: str = "t1") -> dict[str, Any]:
    done = refresh(workspace, target, force=True)
    assert done is not None
    return done.ranking


def _rows(ranking: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["source"]: row for row in ranking["ranking"]}


def _excluded(ranking: dict[str, Any]) -> dict[str, str]:
    return {row["source"]: row["reason"] for row in ranking["excluded"]}


def test_imports_rank_among_the_sources_by_their_own_maps(pooled: Workspace, esm: Esm) -> None:
    ingest(pooled)
    folders = [esm("one", 1), esm("two", 2)]
    assert "t1" in stale_targets(Plan(pooled))
    before = _ranking(pooled)
    take_esms(Plan(pooled), [str(folder) for folder in folders])
    assert "t1" in stale_targets(Plan(pooled))
    ranking = _ranking(pooled)
    assert set(_rows(ranking)) == {"s1", "s2", "s3", "one", "two"}
    assert ranking["pool_size"] == before["pool_size"] + 2
    plan = Plan(pooled)
    target = plan.registry.get(Kind.TARGET, "t1")
    labels = read_table(plan.path("datasets", target.version))["label"].to_list()
    base = target_embeddings(plan, target)
    for folder in folders:
        features = read_exchange(folder).esm.apply(base.astype(np.float64))
        expected = get_scorer("logme").score(features, labels, Task.CLASSIFICATION, center=True)
        assert _rows(ranking)[folder.name]["score"] == pytest.approx(expected, abs=1e-5)
    assert refresh(pooled, "t1") is None


def test_a_ranking_says_which_of_its_sources_nobody_could_check(
    pooled: Workspace, esm: Esm, cli: Cli
) -> None:
    ingest(pooled)
    take_esms(Plan(pooled), [str(esm("one", 1))])
    done = refresh(pooled, "t1", force=True)
    assert done is not None
    checks = {name: row.get("leak_check") for name, row in _rows(done.ranking).items()}
    assert checks == {"one": "not possible", "s1": None, "s2": None, "s3": None}
    assert any("no leak check was possible: one" in line for line in done.ranking["warnings"])
    said = cli("rank", "t1", "-w", pooled.root)
    assert "no leak check was possible" in " ".join(said.out.split())
    page = report_workspace(Plan(pooled)).page.parent / "sources.html"
    assert "imported" in page.read_text(encoding="utf-8")


def test_one_made_from_the_targets_own_dataset_is_a_leak(pooled: Workspace, esm: Esm) -> None:
    take_esms(
        Plan(pooled),
        [
            str(esm("same", 1, task_id="nyu-mll/GLUE", task_subset="mrpc")),
            str(esm("old-name", 2, task_id="glue", task_subset="mrpc")),
            str(esm("no-subset", 3, task_id="nyu-mll/glue")),
            str(esm("other-subset", 4, task_id="nyu-mll/glue", task_subset="cola")),
            str(esm("other-owner", 5, task_id="me/glue", task_subset="mrpc")),
        ],
    )
    plan = Plan(pooled)
    target = plan.registry.get(Kind.TARGET, "t1")
    from dataclasses import replace

    hub = replace(target, reference="hf://datasets/nyu-mll/glue", options={"subset": "mrpc"})
    leaks = leaks_of(plan, hub, Pool(plan).members)
    assert sorted(leaks) == ["no-subset", "old-name", "same"]
    assert "target's own dataset" in leaks["same"]
    assert leaks_of(plan, target, Pool(plan).members) == {}


def test_another_pooling_is_left_out_with_the_settings_it_needs(
    team: Any, esm: Esm, tiny_encoder_folder: Path
) -> None:
    workspace = team.workspace  # pooled by mean
    ((one,), _) = take_esms(Plan(workspace), [str(esm("one", 1))])
    assert one.not_ranked is not None
    ranking = _ranking(workspace)
    assert set(_rows(ranking)) == {"s1", "s2", "s3"}
    assert ranking["pool_size"] == 4
    reason = _excluded(ranking)["one"]
    assert "pooling pooler" in reason
    assert "encoder.pooling: pooler" in reason
    assert str(tiny_encoder_folder) in reason
    assert "warnings" not in ranking
    # With the settings it asked for it is ranked, and without it nobody is told anything.
    changed = change_params(workspace, encoder={"pooling": "pooler"})
    ranking = _ranking(changed)
    assert set(_rows(ranking)) == {"one"}
    assert _excluded(ranking) == {}


def test_another_base_model_is_left_out_until_somebody_says_it_is_the_same(
    pooled: Workspace, esm: Esm
) -> None:
    folder = str(esm("one", 1, base="google-bert/bert-base-uncased"))
    ((one,), _) = take_esms(Plan(pooled), [folder])
    assert one.not_ranked is not None
    for part in ("google-bert/bert-base-uncased", "--same-model", "encoder.ref"):
        assert part in one.not_ranked
    assert list(Pool(Plan(pooled)).left_out) == ["one"]
    ((told,), _) = take_esms(Plan(pooled), [folder], ImportOptions(same_model=True))
    assert (told.status, told.not_ranked) == ("updated", None)
    assert set(_rows(_ranking(pooled))) == {"one"}
    # Importing it again does not unsay it.
    ((again,), _) = take_esms(Plan(pooled), [folder])
    assert (again.status, again.not_ranked) == ("unchanged", None)


def test_what_breaks_after_the_import_keeps_back_no_other(pooled: Workspace, esm: Esm) -> None:
    taken, _ = take_esms(Plan(pooled), [str(esm(name, seed)) for seed, name in enumerate("abc")])
    cut, gone, _ = (Plan(pooled).path("esms", one.entry.esm) for one in taken)
    cut.write_bytes(cut.read_bytes()[:300])
    gone.unlink()
    ranking = _ranking(pooled)
    assert set(_rows(ranking)) == {"c"}
    assert {name: "unreadable" in why or "missing" in why for name, why in _excluded(ranking).items()} == {
        "a": True,
        "b": True,
    }


@pytest.mark.parametrize("scorer", ["textemb", "leep", "source_size", "vocabulary_overlap"])
def test_a_scorer_that_needs_more_than_the_map_leaves_it_out_and_ranks_the_others(
    pooled: Workspace, esm: Esm, scorer: str
) -> None:
    ingest(pooled)
    take_esms(Plan(pooled), [str(esm("one", 1))])
    done = refresh(pooled, "t1", scorer)
    assert done is not None
    assert set(_rows(done.ranking)) == {"s1", "s2", "s3"}
    assert "only the map" in _excluded(done.ranking)["one"]
    assert "warnings" not in done.ranking


def _import(**changes: Any) -> Import:
    base = {"base_model": "google-bert/bert-base-uncased", "width": 768, "rank": 768, "task_id": "t"}
    return Import(**{"name": "n", "reference": "r", "esm": "k", **base, **changes})


def _encoder(ref: str, kind: str = "bert", pooling: Any = "pooler", width: int | None = 768) -> EncoderFacts:
    return EncoderFacts(EncoderSettings(ref, pooling), kind, width, "content")


@pytest.mark.parametrize(
    ("imported", "encoder", "why"),
    [
        (_import(), _encoder("google-bert/bert-base-uncased"), None),
        (_import(), _encoder("bert-base-uncased"), None),
        (_import(base_model="bert-base-uncased"), _encoder("google-bert/bert-base-uncased"), None),
        (_import(), _encoder("me/bert-base-uncased"), "made for"),
        (_import(), _encoder("google-bert/bert-base-uncased", width=1024), "768 wide"),
        (_import(), _encoder("google-bert/bert-base-uncased", pooling="mean"), "pooling pooler"),
        (_import(pooling="mean"), _encoder("google-bert/bert-base-uncased", pooling="mean"), None),
        (_import(pooling="mean"), _encoder("google-bert/bert-base-uncased"), "pooling mean"),
        (_import(base_model="roberta-base"), _encoder("FacebookAI/roberta-base", "roberta", "first"), None),
        (_import(base_model="m/p"), _encoder("m/p", "mpnet", "mean"), "--pooling"),
        (_import(base_model="m/p", pooling="mean"), _encoder("m/p", "mpnet", "mean"), None),
        (_import(same_weights_as="content"), _encoder("package:bert"), None),
        (_import(same_weights_as="other"), _encoder("package:bert"), "made for"),
        (_import(base_model="sentence-transformers/x"), _encoder("package:x"), "encoder.pooling: mean"),
    ],
)
def test_what_stands_on_an_encoder(imported: Import, encoder: EncoderFacts, why: str | None) -> None:
    found = why_not(imported, encoder)
    assert found is None if why is None else why in str(found)


def test_names_of_one_model() -> None:
    assert same_model("distilbert-base-uncased", "distilbert/distilbert-base-uncased")
    assert not same_model("me/roberta-base", "FacebookAI/roberta-base")
    assert not same_model("google-bert/roberta-base", "FacebookAI/roberta-base")


def test_imports_are_recorded_and_the_store_is_rebuilt_beside_them(
    pooled: Workspace, esm: Esm, cli: Cli
) -> None:
    import json
    import subprocess
    import sys

    ingest(pooled)
    ((one,), _) = take_esms(Plan(pooled), [str(esm("one", 1))])
    release = record(pooled, "with an import").release
    assert release is not None
    committed = subprocess.run(
        ["git", "show", "--stat", "--format=", release],
        cwd=pooled.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ledgers/imports.jsonl" in committed
    # DVC has the map: lost, it comes back by its name.
    path = Plan(pooled).path("esms", one.entry.esm)
    whole = path.read_bytes()
    path.unlink()
    subprocess.run(
        [sys.executable, "-m", "dvc", "checkout", "--force", "data/esms"],
        cwd=pooled.root,
        capture_output=True,
        check=True,
    )
    assert path.read_bytes() == whole
    done = refresh(pooled, "t1", force=True)
    assert done is not None
    publish_sources(Plan(pooled))
    publish_ranking(Plan(pooled), done)
    rebuild_store(Plan(pooled))
    served = set(open_store(Plan(pooled)).get("esm", None)["key"])
    plan = Plan(pooled)
    assert {plan.source_keys(source).esm for source in plan.pool()} <= served
    assert one.entry.esm not in served
    shown = cli("rank", "t1", "--json", "-w", pooled.root).json
    assert shown["ranking_id"] == json.loads(json.dumps(done.ranking))["ranking_id"]
