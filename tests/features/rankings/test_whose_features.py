"""``NAME@tuned``, on what really tuned encoders give, and the base score, on what the untouched one gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.workspaces import Team, add, ingest, refresh, tiny_workspace, write_rows

from features.artefacts.embeddings import target_embeddings
from features.artefacts.files import read_table
from features.artefacts.plan import Plan
from features.artefacts.tuned_features import tuned_features
from features.rankings import shown_ranking
from features.registry import Kind
from features.workspace import Workspace
from models.errors import SettingsError
from models.ranking import jackknife_groups, jackknife_stderr, logme_jackknife
from models.scorers import get_scorer, logme
from models.tasks import Task


def _team(root: Path, encoder: Path, *, keep: bool) -> Workspace:
    workspace = tiny_workspace(root / "team", encoder, run={"keep_tuned_models": keep})
    for number in (1, 2):
        add(workspace, Kind.SOURCE, write_rows(root / f"s{number}.csv", number))
    add(workspace, Kind.TARGET, write_rows(root / "t1.csv", 50))
    ingest(workspace)
    return workspace


def test_scores_are_of_the_tuned_encoders_own_embeddings(tmp_path: Path, tiny_encoder_folder: Path) -> None:
    workspace = _team(tmp_path, tiny_encoder_folder, keep=True)
    done = refresh(workspace, "t1", "logme@tuned")
    assert done is not None
    plan = Plan(workspace)
    target = plan.registry.get(Kind.TARGET, "t1")
    labels = read_table(plan.path("datasets", target.version))["label"].to_list()
    rows = {row["source"]: row for row in done.ranking["ranking"]}
    assert set(rows) == {"s1", "s2"}
    for name, row in rows.items():
        vectors = tuned_features(plan, plan.registry.get(Kind.SOURCE, name), target)
        expected = logme(vectors.astype(np.float64), labels, Task.CLASSIFICATION, center=True)
        assert row["score"] == pytest.approx(expected, abs=1e-8)
        assert row["stderr"] > 0
    refresh(workspace, "t1", "logme")
    imitated = shown_ranking(workspace, "t1", "logme", plan.encoder)
    assert imitated is not None
    assert {row["score"] for row in imitated["ranking"]}.isdisjoint(row["score"] for row in rows.values())
    assert refresh(workspace, "t1", "logme@tuned") is None


def test_a_tuned_model_that_was_dropped_is_a_reason_and_not_a_score(
    tmp_path: Path, tiny_encoder_folder: Path
) -> None:
    workspace = _team(tmp_path, tiny_encoder_folder, keep=False)
    done = refresh(workspace, "t1", "hscore@tuned")
    assert done is not None
    assert done.ranking["ranking"] == []
    assert ["dropped after its ingest" in one["reason"] for one in done.ranking["excluded"]] == [True, True]


def test_a_scorer_that_does_not_go_by_features_has_no_such_form() -> None:
    assert get_scorer("leep@tuned").on == "tuned"
    with pytest.raises(SettingsError, match="does not go by features"):
        get_scorer("source_size@tuned")
    with pytest.raises(SettingsError, match="no scorer is called 'logme@base'"):
        get_scorer("logme@base")


def test_the_base_score_is_that_of_the_untouched_embeddings(team: Team) -> None:
    plan = Plan(team.workspace)
    target = plan.registry.get(Kind.TARGET, "t1")
    labels = read_table(plan.path("datasets", target.version))["label"].to_list()
    base = target_embeddings(plan, target).astype(np.float64)
    shown = shown_ranking(team.workspace, "t1", "logme", plan.encoder)
    assert shown is not None
    assert shown["base_score"]["score"] == pytest.approx(
        logme(base, labels, Task.CLASSIFICATION, center=True), abs=1e-7
    )
    groups = jackknife_groups(labels, Task.CLASSIFICATION, 4, 0)
    _, replicates = logme_jackknife(base, labels, Task.CLASSIFICATION, groups, center=True)
    assert shown["base_score"]["stderr"] == pytest.approx(jackknife_stderr(replicates), rel=1e-4)
