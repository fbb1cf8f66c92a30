"""Dataset files that are gone are made again from their references, as they were."""

from __future__ import annotations

from pathlib import Path

from support.workspaces import add, change_params, write_rows

from features.artefacts.plan import Plan
from features.intake import restore_datasets
from features.registry import Kind
from features.workspace import Workspace


def _lose(workspace: Workspace) -> dict[str, bytes]:
    paths = [path for kind in ("datasets", "sketches") for path in workspace.folder(kind).iterdir()]
    held = {path.name: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    return held


def test_a_cap_said_when_adding_outlives_other_settings(workspace: Workspace, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "s1.csv", 1, 60)
    added = add(workspace, Kind.SOURCE, file, cap=24)
    assert added.entry.rows == 24
    by_settings = add(workspace, Kind.TARGET, write_rows(tmp_path / "t1.csv", 11, 50))
    assert by_settings.entry.rows == 50
    held = _lose(workspace)
    workspace = change_params(workspace, caps={"source_rows": 40, "target_rows": 30, "seed": 9})
    assert restore_datasets(workspace) == {}
    assert {
        path.name for kind in ("datasets", "sketches") for path in workspace.folder(kind).iterdir()
    } == set(held)


def test_a_reference_that_changed_is_named_and_the_others_are_made(
    workspace: Workspace, tmp_path: Path
) -> None:
    for number in (1, 2):
        add(workspace, Kind.SOURCE, write_rows(tmp_path / f"s{number}.csv", number))
    _lose(workspace)
    write_rows(tmp_path / "s1.csv", 33)
    failed = restore_datasets(workspace)
    assert list(failed) == ["s1"]
    assert "no longer gives the rows" in failed["s1"]
    assert "dvc pull" in failed["s1"]
    plan = Plan(workspace)
    assert plan.path("datasets", plan.registry.get(Kind.SOURCE, "s2").version).exists()
