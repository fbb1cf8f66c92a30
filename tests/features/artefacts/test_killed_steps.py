"""kill -9 of a step at any moment: what is there afterwards is whole, and the same step finishes it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.embeddings import make_embedding
from features.artefacts.esms import make_esm
from features.artefacts.files import read_arrays, read_arrays_card, remove_leftovers
from features.artefacts.moments import make_moments
from features.artefacts.plan import Plan
from features.registry import Kind
from features.workspace import Workspace


def _make_all(root: Path) -> None:
    plan = Plan(Workspace(root))
    entry = plan.registry.get(Kind.SOURCE, "s4")
    make_embedding(plan, entry)
    make_moments(plan, entry)
    make_esm(plan, entry)


def _files(workspace: Workspace) -> dict[str, bytes]:
    return {
        str(path.relative_to(workspace.data)): path.read_bytes()
        for kind in ("embeddings", "moments", "esms")
        for path in workspace.folder(kind).glob("*.safetensors")
    }


def test_an_ingest_killed_while_tuning_goes_on_where_it_stopped(team: Team) -> None:
    workspace = change_params(team.workspace, tuning={"max_steps": 20})
    before = _files(workspace)
    add(workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4, n=60))
    folder = workspace.folder("embeddings")
    had = len(list(folder.glob("*.safetensors")))
    # A child of this process has the libraries already, but torch's threads do not survive a fork: spawn.
    worker = multiprocessing.get_context("spawn").Process(target=_make_all, args=(workspace.root,))
    worker.start()
    limit = time.monotonic() + 90
    while time.monotonic() < limit and worker.is_alive():
        if len(list(folder.glob("*.safetensors"))) > had:
            break
        time.sleep(0.002)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()
    for path in (
        one for kind in ("embeddings", "moments", "esms") for one in workspace.folder(kind).glob("[!.]*")
    ):
        assert read_arrays_card(path).key == path.stem
        read_arrays(path)
    assert list(workspace.scratch.glob("*.safetensors"))
    ingest(workspace)
    for kind in ("embeddings", "moments", "esms"):
        remove_leftovers(workspace.folder(kind), older_than=0)
    assert _files(workspace).keys() >= before.keys()
    assert all(_files(workspace)[name] == content for name, content in before.items())
    assert not list(workspace.scratch.glob("*.safetensors"))
    done = refresh(workspace, "t1")
    assert done is not None
    assert sorted(row["source"] for row in done.ranking["ranking"])[-1] == "s4"


def test_making_what_is_there_changes_nothing(team: Team) -> None:
    before = {path: path.stat().st_mtime_ns for path in team.workspace.data.rglob("*") if path.is_file()}
    ingest(team.workspace)
    assert {
        path: path.stat().st_mtime_ns for path in team.workspace.data.rglob("*") if path.is_file()
    } == before
