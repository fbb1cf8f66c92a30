"""A setting that is left out has its default everywhere, but DVC wants it written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from features.record import mark_unrecorded, record
from features.record.parameters import check_parameters
from features.workspace import Workspace
from features.workspace.settings import load_settings
from models.errors import RecordError


def _leave_out(workspace: Workspace, *names: str) -> None:
    params = yaml.safe_load(workspace.params_file.read_text("utf-8"))
    for name in names:
        *above, last = name.split(".")
        section = params
        for key in above:
            section = section[key]
        del section[last]
    workspace.params_file.write_text(yaml.safe_dump(params), "utf-8")


def test_a_workspace_as_it_is_made_has_all_that_its_stages_go_by(workspace: Workspace) -> None:
    check_parameters(workspace.root)


def test_what_is_missing_is_named_with_what_is_in_force(workspace: Workspace) -> None:
    mark_unrecorded(workspace)
    _leave_out(workspace, "calibration", "esm.folds")
    in_force = load_settings(workspace.params_file)
    with pytest.raises(RecordError) as refused:
        record(workspace, "one")
    assert "lacks esm.folds, calibration, which dvc.yaml goes by" in refused.value.what
    told = refused.value.next_step.partition("again: ")[2].split("; ")
    added = {key: value for one in told for key, value in yaml.safe_load(one).items()}
    assert added == {
        "esm": {"folds": in_force.esm.folds},
        "calibration": in_force.calibration.model_dump(),
    }


@pytest.mark.parametrize(
    "content", ["", "stages: [", "stages: {a: {params: [{other.yaml: [x]}]}}", "stages: 3"]
)
def test_a_dvc_file_that_is_otherwise_is_dvcs_to_judge(workspace: Workspace, content: str) -> None:
    Path(workspace.root, "dvc.yaml").write_text(content)
    check_parameters(workspace.root)
