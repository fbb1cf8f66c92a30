"""Exporting: in full, under a name that others know, and only where they would embed as we do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli import Cli
from support.workspaces import Team, refresh

from features.artefacts.plan import Plan
from features.exchange import export_esm, take_esms
from features.exchange.taking import ImportOptions
from models.errors import ArtefactError, EncoderError, NamingError, SettingsError
from models.esm.exchange import read_exchange

MEAN = "sentence-transformers/tiny"  # what hf-dataset-selector pools by the mean, as this workspace does


def test_an_export_comes_back_as_the_same_map(team: Team, tmp_path: Path) -> None:
    plan = Plan(team.workspace)
    done = export_esm(plan, "s1", tmp_path / "out", base_model=MEAN)
    back = read_exchange(done.folder)
    assert (done.base_model, done.rank, back.esm.rank) == (MEAN, 4, 4)
    assert back.config.pooling == "mean"
    assert (back.config.task_id, back.config.num_examples) == ("s1", 40)
    # Ranked beside the source it came from, it has that source's score.
    options = ImportOptions(name="mine", same_model=True)
    ((taken,), failed) = take_esms(plan, [str(done.folder)], options)
    assert failed == {}
    assert taken.not_ranked is None
    ranked = refresh(team.workspace, "t1", force=True)
    assert ranked is not None
    scores = {row["source"]: row["score"] for row in ranked.ranking["ranking"]}
    assert scores["mine"] == pytest.approx(scores["s1"], abs=1e-6)
    assert len({round(scores[name], 9) for name in ("s1", "s2", "s3")}) == 3


def test_what_would_not_be_understood_there_is_not_written(team: Team, tmp_path: Path) -> None:
    plan = Plan(team.workspace)
    with pytest.raises(SettingsError, match="--base-model"):
        export_esm(plan, "s1", tmp_path / "out")
    with pytest.raises(SettingsError):
        export_esm(plan, "s1", tmp_path / "out", base_model="../no/hub/id")
    with pytest.raises(EncoderError, match="pools google-bert/bert-base-uncased by pooler"):
        export_esm(plan, "s1", tmp_path / "out", base_model="google-bert/bert-base-uncased")
    with pytest.raises(NamingError):
        export_esm(plan, "nobody", tmp_path / "out", base_model=MEAN)
    path = plan.path("esms", plan.source_keys(plan.chosen(["s2"])[0]).esm)
    path.write_bytes(path.read_bytes()[:99])
    with pytest.raises(ArtefactError):
        export_esm(plan, "s2", tmp_path / "out", base_model=MEAN)
    assert not (tmp_path / "out").exists()


def test_the_command(team: Team, tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "out"
    root = team.workspace.root
    assert cli("esm", "export", "s1", out, "-w", root).is_clear_error("--base-model")
    said = cli("esm", "export", "s1", out, "--base-model", "me/bert", "--any-pooling", "--json", "-w", root)
    assert said.code == 0
    assert said.json["bytes"] == (out / "model.safetensors").stat().st_size
    assert json.loads((out / "config.json").read_text(encoding="utf-8")) == {
        "base_model_name": "me/bert",
        "task_id": "s1",
        "num_examples": 40,
        "esm_architecture": "linear",
        "esm_embedding_dim": 32,
        "version": "0.2.1",
        "pooling": "mean",
    }
    assert cli("esm", "export", "s1", out, "--base-model", MEAN, "-w", root).is_clear_error("there already")
