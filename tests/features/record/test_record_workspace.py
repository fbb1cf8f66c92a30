"""git and DVC for real; one recorded workspace for the whole file, copied where a test changes it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.workspaces import Team, add, ingest, refresh, write_rows

from features.artefacts.failures import reasons
from features.artefacts.files import read_arrays, read_arrays_card, write_arrays
from features.artefacts.plan import Plan
from features.artefacts.sentences import sentence_centroid
from features.artefacts.traces import make_target_traces
from features.record import mark_unrecorded, record, unrecorded
from features.record.dvc import dvc
from features.record.git import git
from features.record.stages import make_stage
from features.registry import Kind
from features.workspace import Workspace
from models.errors import GateError

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def _recorded(_team: Team, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    root = tmp_path_factory.mktemp("recorded") / "team"
    shutil.copytree(_team.workspace.root, root, symlinks=True)
    workspace = Workspace(root)
    done = record(workspace, "one")
    assert done.changed
    assert done.release
    return workspace, done.release


@pytest.fixture
def recorded(_recorded: tuple[Workspace, str], tmp_path: Path) -> tuple[Workspace, str]:
    shutil.copytree(_recorded[0].root, tmp_path / "team", symlinks=True)
    return Workspace(tmp_path / "team"), _recorded[1]


def _data(workspace: Workspace) -> dict[str, bytes]:
    return {
        str(path.relative_to(workspace.data)): path.read_bytes()
        for path in sorted(workspace.data.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_record_is_a_commit_of_the_lock_and_ledgers_and_a_push(recorded: tuple[Workspace, str]) -> None:
    workspace, release = recorded
    assert git(workspace.root, "rev-parse", "HEAD").strip() == release
    committed = git(workspace.root, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert {"dvc.lock", "params.yaml", "ledgers/registry.jsonl", "ledgers/rankings.jsonl"} <= set(committed)
    assert not [name for name in committed if name.endswith((".safetensors", ".parquet"))]
    assert git(workspace.root, "status", "--porcelain").strip() == ""
    assert not unrecorded(workspace)


def test_a_second_record_does_nothing(recorded: tuple[Workspace, str]) -> None:
    workspace, release = recorded
    done = record(workspace, "again")
    assert (done.changed, done.release) == (False, release)
    mark_unrecorded(workspace)
    done = record(workspace, "marked, yet nothing is new")
    assert (done.changed, done.release) == (False, release)


def test_an_earlier_release_is_restored_byte_for_byte_and_back(recorded: tuple[Workspace, str]) -> None:
    workspace, release = recorded
    first = _data(workspace)
    add(workspace, Kind.SOURCE, write_rows(workspace.root.parent / "s4.csv", 4))
    ingest(workspace)
    refresh(workspace, "t1")
    leftover = workspace.folder("moments") / ".half.safetensors.0000.part"
    leftover.write_bytes(b"half")
    second_release = record(workspace, "two").release
    second = _data(workspace)
    assert second.keys() > first.keys()
    git(workspace.root, "checkout", "-q", release)
    dvc(workspace.root, "checkout", "--force")
    assert _data(workspace) == first
    git(workspace.root, "checkout", "-q", str(second_release))
    dvc(workspace.root, "checkout", "--force")
    assert _data(workspace) == second
    # What was being written is in no release.
    locked = yaml.safe_load((workspace.root / "dvc.lock").read_text())
    (moments,) = locked["stages"]["moments"]["outs"]
    assert moments["nfiles"] == len(list(workspace.folder("moments").glob("[!.]*")))


def test_what_scorers_asked_for_is_recorded_too(recorded: tuple[Workspace, str]) -> None:
    workspace, _ = recorded
    plan = Plan(workspace)
    target = plan.registry.get(Kind.TARGET, "t1")
    made = [
        plan.path("traces", make_target_traces(plan, target)),
        plan.path("sentences", plan.sentence_key(target.version)),
    ]
    sentence_centroid(plan, target)
    assert record(workspace, "traces").changed
    before = _data(workspace)
    for path in made:
        path.unlink()
    dvc(workspace.root, "checkout", "--force")
    assert _data(workspace) == before
    assert git(workspace.root, "status", "--porcelain").strip() == ""


def test_a_clone_makes_everything_again_with_the_same_keys(
    recorded: tuple[Workspace, str], tmp_path: Path
) -> None:
    """No files, no cache, no remote: `dvc repro` alone."""
    workspace, _ = recorded
    subprocess.run(["git", "clone", "-q", str(workspace.root), str(tmp_path / "clone")], check=True)
    clone = Workspace(tmp_path / "clone")
    assert not _data(clone)
    dvc(clone.root, "repro")
    names = {name for name in _data(workspace) if not name.startswith(("scores", "overlaps", "quarantine"))}
    made = set(_data(clone))
    assert {name for name in names if not name.startswith("rankings")} <= made
    assert {name for name in names if name.startswith("rankings")} <= made


def test_a_source_that_fails_does_not_keep_the_rest_from_the_record(recorded: tuple[Workspace, str]) -> None:
    workspace, _ = recorded
    for number in (4, 5):
        add(workspace, Kind.SOURCE, write_rows(workspace.root.parent / f"s{number}.csv", number))
    plan = Plan(workspace)
    plan.path("datasets", plan.registry.get(Kind.SOURCE, "s4").version).write_bytes(b"broken")
    for stage in ("embeddings", "moments", "esms"):
        assert "s4" in make_stage(Plan(workspace), stage)
    assert "s4" in reasons(workspace)
    assert Plan(workspace).is_ready(plan.registry.get(Kind.SOURCE, "s5"))
    assert record(workspace, "without s4").changed


def test_a_dataset_that_is_gone_is_told_and_the_others_are_restored(
    recorded: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, _ = recorded
    path = write_rows(tmp_path / "s4.csv", 4)
    added = add(workspace, Kind.SOURCE, path)
    before = set(_data(workspace))
    path.unlink()
    shutil.rmtree(workspace.folder("datasets"))
    failed = make_stage(Plan(workspace), "datasets")
    assert list(failed) == ["s4"]
    assert before - set(_data(workspace)) == {f"datasets/{added.entry.version}.parquet"}


def test_a_workspace_whose_every_dataset_was_refused_is_recorded(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(GateError):
        add(workspace, Kind.SOURCE, write_rows(tmp_path / "few.csv", 1, n=3))
    release = record(workspace, "Nothing but refusals").release
    assert release is not None
    assert "ledgers/quarantine.jsonl" in git(workspace.root, "ls-tree", "-r", "--name-only", release)


def test_damage_is_put_back_and_not_recorded(recorded: tuple[Workspace, str]) -> None:
    workspace, _ = recorded
    before = _data(workspace)
    damaged = [next(workspace.folder(kind).glob("[!.]*")) for kind in ("esms", "rankings")]
    for path in damaged:
        content = bytearray(path.read_bytes())
        content[-5] ^= 0x40
        path.write_bytes(content)
    write_rows(workspace.root.parent / "s9.csv", 79)
    add(workspace, Kind.SOURCE, workspace.root.parent / "s9.csv", name="s9")
    done = record(workspace, "two")
    assert done.mended == {"esms": 1, "rankings": 1}
    assert {name: _data(workspace)[name] for name in before} == before
    assert not unrecorded(workspace)
    dvc(workspace.root, "checkout", "--force")
    assert {name: _data(workspace)[name] for name in before} == before
    assert "artefacts put back from DVC's cache" in (workspace.ledgers / "audit.jsonl").read_text()
    assert git(workspace.root, "status", "--porcelain").strip() == ""


def test_a_file_that_was_deleted_and_made_anew_is_recorded(recorded: tuple[Workspace, str]) -> None:
    workspace, _ = recorded
    path = next(workspace.folder("esms").glob("[!.]*"))
    arrays, card = read_arrays(path), read_arrays_card(path)
    write_arrays(path, arrays, replace(card, made_at="2999-01-01T00:00:00+00:00"))
    anew = path.read_bytes()
    mark_unrecorded(workspace)
    assert not record(workspace, "two").mended
    assert path.read_bytes() == anew
    assert git(workspace.root, "diff", "--name-only", "HEAD~1").split() == ["dvc.lock"]
