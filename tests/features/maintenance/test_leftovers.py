"""What killed runs left, old pages and long logs go; what may still be in use does not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from support.workspaces import change_params

from features.maintenance import leftovers
from features.maintenance.leftovers import tidy
from features.workspace import Workspace

_HOUR, _DAY = 3600.0, 86400.0


def _file(path: Path, age: float = 0, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_leftovers_of_killed_runs_go_when_nobody_can_be_writing(workspace: Workspace) -> None:
    old = [
        _file(workspace.root / ".params.yaml.12345678.part", 25 * _HOUR),
        _file(workspace.folder("esms") / ".k.safetensors.12345678.part", 25 * _HOUR),
        _file(workspace.private / ".audit-head.json.12345678.part", 25 * _HOUR),
        _file(workspace.reports / "site" / ".index.html.12345678.part", 25 * _HOUR),
        _file(workspace.data_docs / ".index.html.7.tmp", 25 * _HOUR),
        _file(workspace.scratch / "base-v-e.safetensors", 8 * _DAY),
        _file(workspace.root / "store.rebuilding" / "esm.lance" / "data"),
        _file(workspace.root / "store.before-rebuild" / "esm.lance" / "data"),
    ]
    young = [
        _file(workspace.folder("esms") / ".l.safetensors.12345678.part", _HOUR),
        # A clock that was put back: its writer is no older than any other.
        _file(workspace.folder("esms") / ".m.safetensors.12345678.part", -_DAY),
        _file(workspace.scratch / "base-w-e.safetensors", _DAY),
        _file(workspace.folder("esms") / "k.safetensors", 400 * _DAY),
    ]
    _file(workspace.root / "store" / "esm.lance" / "data")
    said = tidy(workspace, dry_run=True)
    assert all(path.exists() for path in [*old, *young])
    done = tidy(workspace)
    assert done == said
    assert (done.parts, done.scratch, done.stores, done.bytes) == (5, 1, 2, 8)
    assert [path.exists() for path in old] == [False] * 8
    assert all(path.exists() for path in young)
    assert (workspace.root / "store").is_dir()


def test_a_store_that_was_put_aside_is_no_leftover_where_there_is_no_other(workspace: Workspace) -> None:
    aside = _file(workspace.root / "store.before-rebuild" / "esm.lance" / "data")
    assert tidy(workspace).stores == 0
    assert aside.exists()


def test_of_old_pages_the_newest_of_each_dataset_stays(workspace: Workspace) -> None:
    workspace = change_params(workspace, maintain={"keep_days": 30})
    docs = workspace.data_docs / "source-s1-0123"
    pages = [_file(docs / f"2026010{day}T000000000000Z-1.html", (60 - day) * _DAY) for day in (1, 2, 3)]
    fresh = _file(workspace.data_docs / "source-s2-0123" / "20260201T000000000000Z-1.html", _DAY)
    assert tidy(workspace).pages == 2
    assert [path.exists() for path in [*pages, fresh]] == [False, False, True, True]


def test_a_long_log_keeps_its_end_and_its_writer(workspace: Workspace) -> None:
    log = workspace.private / "prefect-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as writer:
        line = b"a line of a hundred bytes " + b"." * 73 + b"\n"
        writer.write(line * (leftovers.LOG_BYTES // 100 + 1))
        writer.flush()
        assert tidy(workspace).logs == 1
        writer.write(b"the last line\n")
    content = log.read_bytes()
    assert len(content) < leftovers.LOG_BYTES // 10 + 100
    assert content.startswith(b"a line")
    assert content.endswith(line + b"the last line\n")
    assert tidy(workspace).logs == 0
