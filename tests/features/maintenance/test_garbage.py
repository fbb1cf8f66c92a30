"""What nobody needs leaves data/: never what is needed, never too soon, never what could not be had again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.releases import seal
from support.workspaces import add, change_params, write_rows

from features.artefacts.plan import Plan
from features.audit import verify
from features.maintenance.garbage import collect
from features.registry import Kind
from features.releases.commits import releases
from features.releases.restoring import restore
from features.workspace import Workspace


def _files(workspace: Workspace) -> set[str]:
    return {str(path.relative_to(workspace.root)) for path in workspace.data.glob("*/[!.]*")}


@pytest.fixture
def with_garbage(changed: Workspace) -> Workspace:
    """Nine files that only the oldest of three releases needs; one release is kept, and no day."""
    return change_params(changed, maintain={"keep_days": 0, "keep_releases": 1})


def test_old_versions_and_settings_go_and_a_restore_brings_them_back(
    with_garbage: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_garbage
    first = releases(workspace)[-1].id
    present = _files(workspace)

    said = collect(workspace, dry_run=True)
    assert _files(workspace) == present, "a dry run changed something"
    done = collect(workspace)
    assert (done.removed, done.bytes) == (said.removed, said.bytes)
    # s3's old rows with all that was made of them, and of s1 and s2 what the old settings made.
    assert done.removed == {"datasets": 1, "sketches": 1, "embeddings": 1, "moments": 3, "esms": 3}
    assert _files(workspace) < present
    assert Plan(workspace).pending() == []
    entry = verify(workspace).entries[-1]
    assert entry["what"] == "artefacts left data/"
    assert (entry["on"], entry["kinds"]) == ({"files": 9}, done.removed)
    seal(workspace, "Maintain")
    assert collect(workspace).files == 0

    from features.releases import artefacts, restoring
    from features.releases.dvcside import answer

    monkeypatch.setattr(artefacts, "_asked", lambda _, request: answer(request))
    monkeypatch.setattr(restoring, "publish_and_record", lambda *_: "recorded")
    monkeypatch.setattr(restoring, "record", lambda *_: None)
    assert restore(workspace, first).files == 9
    assert present == _files(workspace)


def test_releases_and_pins_hold_what_they_need(
    with_garbage: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.releases import pinning

    workspace = with_garbage
    assert collect(workspace, dry_run=True).files == 9
    assert collect(change_params(workspace, maintain={"keep_releases": 2}), dry_run=True).files == 9
    assert collect(change_params(workspace, maintain={"keep_releases": 3}), dry_run=True).files == 0
    workspace = change_params(workspace, maintain={"keep_releases": 1})
    monkeypatch.setattr(pinning, "show_and_record", lambda *_: "recorded")
    pinning.pin(workspace, "t1", releases(workspace)[-1].id)
    assert collect(workspace, dry_run=True).files == 0


def test_nothing_goes_before_its_days_are_over(with_garbage: Workspace) -> None:
    workspace = change_params(with_garbage, maintain={"keep_days": 10})
    memory = workspace.private / "unneeded.json"
    assert collect(workspace, dry_run=True).waiting == 9
    assert not memory.exists()
    assert (collect(workspace).files, collect(workspace).waiting) == (0, 9)
    known = json.loads(memory.read_text(encoding="utf-8"))
    # A clock that was ahead when it was noted, and one that noted nonsense, make files stay longer, not shorter.
    names = sorted(known)
    wrong = {names[0]: "2999-01-01T00:00:00+00:00", names[1]: "soon"}
    old = dict.fromkeys(names[2:], "2020-01-01T00:00:00+00:00")
    memory.write_text(json.dumps({**old, **wrong}), encoding="utf-8")
    done = collect(workspace)
    assert (done.files, done.waiting) == (7, 2)
    again = json.loads(memory.read_text(encoding="utf-8"))
    assert sorted(again) == names[:2]
    assert all(at.startswith("20") and at < "2999" for at in again.values())


def test_what_could_not_be_had_again_stays(with_garbage: Workspace) -> None:
    workspace = with_garbage
    (old,) = _moments_no_more_needed(workspace)
    cached = _cached(workspace, old)
    content = cached.read_bytes()
    cached.chmod(0o644)
    cached.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = collect(workspace)
    assert done.files == 8
    assert done.not_cached == (f"moments/{old.name}",)
    assert old.exists()


def test_a_file_that_was_just_written_is_left_alone(with_garbage: Workspace) -> None:
    workspace = with_garbage
    for path in workspace.data.glob("*/[!.]*"):
        os.utime(path)
    assert collect(workspace).files == 0


def test_a_broken_ledger_lets_nothing_go(with_garbage: Workspace) -> None:
    from models.errors import ArtefactError

    workspace = with_garbage
    before = _files(workspace)
    with (workspace.ledgers / "registry.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write("{}\n")
    with pytest.raises(ArtefactError, match="registry"):
        collect(workspace)
    assert _files(workspace) == before


def test_a_kill_in_the_middle_leaves_the_rest_to_the_next(
    with_garbage: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_garbage
    real, gone = Path.unlink, []

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path.parent.parent == workspace.data and len(gone) == 4:
            raise KeyboardInterrupt
        gone.append(path)
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            collect(workspace)
    assert (workspace.private / "unrecorded").exists(), "nobody would record what is gone"
    assert collect(workspace).files == 5
    assert collect(workspace).files == 0


def test_rows_that_are_added_again_just_as_they_go_are_there_in_the_end(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import features.intake.add as module

    real, taken = module._store, []

    def store(plan: Plan, accepted: module._Accepted) -> str:
        sketch = real(plan, accepted)
        if not taken:
            taken.append(plan.path("datasets", accepted.version))
            taken[0].unlink()
        return sketch

    monkeypatch.setattr(module, "_store", store)
    entry = add(workspace, Kind.SOURCE, write_rows(tmp_path / "s1.csv", 1)).entry
    assert taken == [workspace.folder("datasets") / f"{entry.version}.parquet"]
    assert taken[0].exists()


def _moments_no_more_needed(workspace: Workspace) -> list[Path]:
    """Of the source whose rows were replaced."""
    from features.artefacts.files import read_arrays_card

    plan = Plan(workspace)
    versions = {entry.version for entry in plan.registry.current(Kind.SOURCE).values()}
    return [
        path
        for path in workspace.folder("moments").glob("[!.]*")
        if read_arrays_card(path).inputs["dataset"] not in versions
    ]


def _cached(workspace: Workspace, path: Path) -> Path:
    from features.record.recorded import md5_of

    md5 = md5_of(path)
    assert md5 is not None
    return workspace.root / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
