"""``--tuned-model``: a source whose tuned model is brought along instead of being tuned here."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tiny_encoder import write_tiny
from support.workspaces import add, change_params, ingest, write_rows

from features.artefacts.files import read_arrays_card
from features.artefacts.plan import Plan, registry_of
from features.publishing import open_store, publish_sources
from features.registry import Kind
from features.workspace import Workspace
from models.errors import EncoderError, SettingsError, SpringboardError


def test_a_brought_model_takes_the_place_of_tuning(workspace: Workspace, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "s1.csv", 1)
    brought = write_tiny(tmp_path / "brought", seed=7)
    add(workspace, Kind.SOURCE, rows, name="tuned-here")
    add(workspace, Kind.SOURCE, rows, name="brought", tuned_model=str(brought))
    plan = ingest(workspace)
    here, there = (plan.registry.get(Kind.SOURCE, name) for name in ("tuned-here", "brought"))
    assert here.version == there.version
    keys = plan.source_keys(here), plan.source_keys(there)
    assert keys[0].embedding == keys[1].embedding
    assert keys[0].moments != keys[1].moments
    card = read_arrays_card(plan.path("moments", keys[1].moments))
    assert card.inputs["tuned_model"] == there.tuned_model_id
    assert card.settings["tuning"] is None
    assert card.facts["steps"] == 0
    assert plan.is_ready(there)
    assert len(plan.pool()) == 2


def test_a_model_of_another_width_is_refused_when_it_is_named(workspace: Workspace, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "s1.csv", 1)
    with pytest.raises(EncoderError, match="width"):
        add(workspace, Kind.SOURCE, rows, tuned_model=str(write_tiny(tmp_path / "narrow", width=16)))
    with pytest.raises(SpringboardError):
        add(workspace, Kind.SOURCE, rows, tuned_model=str(tmp_path / "nothing-there"))
    assert registry_of(workspace).current(Kind.SOURCE) == {}
    assert not list(workspace.folder("datasets").glob("*"))


def test_a_model_that_is_not_there_is_said_before_anything_is_read(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(SpringboardError, match="no model folder") as told:
        add(workspace, Kind.SOURCE, tmp_path / "none.csv", tuned_model=str(tmp_path / "nothing-there"))
    assert told.value.consequence == "nothing was registered"
    with pytest.raises(EncoderError, match="width") as told:
        add(
            workspace,
            Kind.SOURCE,
            write_rows(tmp_path / "s1.csv", 1),
            tuned_model=str(write_tiny(tmp_path / "narrow", width=16)),
        )
    assert told.value.consequence == "nothing was registered"


def test_a_target_takes_no_tuned_model(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--tuned-model"):
        add(workspace, Kind.TARGET, write_rows(tmp_path / "t.csv", 1), tuned_model="x")


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_tuned_model_is_kept_where_asked_for(workspace: Workspace, tmp_path: Path, method: str) -> None:
    workspace = change_params(workspace, run={"keep_tuned_models": True}, tuning={"method": method})
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1.csv", 1))
    ingest(workspace)
    (kept,) = (workspace.root / "tuned_models").iterdir()
    # What was kept can be brought along again, and gives the very same moments.
    moments = next(workspace.folder("moments").glob("*.safetensors"))
    from features.artefacts.files import read_arrays

    before = read_arrays(moments)
    add(workspace, Kind.SOURCE, write_rows(tmp_path / "again.csv", 1), name="again", tuned_model=str(kept))
    plan = ingest(workspace)
    key = plan.source_keys(plan.registry.get(Kind.SOURCE, "again")).moments
    after = read_arrays(plan.path("moments", key))
    assert (abs(after["xy"] - before["xy"]) <= 1e-4 * abs(before["xy"]).max()).all()
    assert Plan(workspace).pending() == []


def test_both_maps_of_one_dataset_are_served(workspace: Workspace, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "s1.csv", 1)
    add(workspace, Kind.SOURCE, rows, name="tuned-here")
    add(
        workspace,
        Kind.SOURCE,
        rows,
        name="brought",
        tuned_model=str(write_tiny(tmp_path / "brought", seed=7)),
    )
    plan = ingest(workspace)
    publish_sources(plan)
    served = open_store(plan).get("esm", ["brought"])
    source = plan.registry.get(Kind.SOURCE, "brought")
    assert set(served["tuned_model"]) == {None, source.tuned_model_id}
    brought = served.filter(tuned_model=source.tuned_model_id)
    assert brought["key"].to_list() == [plan.source_keys(source).esm]
