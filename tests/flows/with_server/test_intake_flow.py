"""The whole way of what comes in by itself: one ingest takes, makes and records it; the next finds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from support.cli import Cli
from support.inbox import at_once, come_in
from support.workspaces import write_rows

from features.artefacts.plan import Plan
from features.audit import verify
from features.registry import Kind
from features.workspace import Workspace


def test_an_ingest_takes_in_what_came_and_a_second_one_has_nothing_to_do(
    prefect_server: None, workspace: Workspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import intake

    workspace = at_once(workspace)
    inbox, where = workspace.root / "inbox", ("-w", workspace.root)
    write_rows(inbox / "sources" / "one.csv", 1)
    write_rows(inbox / "targets" / "goal.csv", 2)
    (inbox / "sources" / "bad.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    announced: list[list[str]] = []
    messages: list[str] = []

    def record(root: str, message: str) -> None:
        # DVC and git have their own tests.
        messages.append(message)
        (workspace.private / "unrecorded").unlink()

    monkeypatch.setattr("flows.ingest.record_state", SimpleNamespace(with_options=lambda **again: record))
    monkeypatch.setattr(
        "flows.ingest.announce", lambda place, sources, stale: announced.append([*sources, *stale])
    )
    said = cli("ingest", *where)
    assert said.code == 1, said
    assert "Taken in: source one, new (./inbox/sources/one.csv)" in said.out
    assert "Taken in: target goal, new (./inbox/targets/goal.csv)" in said.out
    assert "Refused: ./inbox/sources/bad.csv (" in said.out
    assert "Ready: one" in said.out
    assert announced == [["one", "goal"]]
    assert [source.name for source in Plan(workspace).pending()] == []
    log = verify(workspace)
    assert log.is_whole
    runs = {(e["what"], e["on"].get("name")): e["run"] for e in log.entries}
    assert runs["inbox entry taken", "one"] == runs["source ingested", "one"] is not None
    assert ("inbox entry refused", "bad") in runs
    assert messages == ["Ingest one; Take in goal"]
    # Nothing came since: no run, no question, no release.
    monkeypatch.setattr(intake, "take_one", pytest.fail)
    monkeypatch.setattr("flows.cli.ingest.run_ingest", pytest.fail)
    again = cli("ingest", "--json", *where).json
    assert (again["taken"], again["refused"], again["waiting"]) == ([], {}, {})
    # What is named is all that is asked for.
    write_rows(inbox / "sources" / "two.csv", 3)
    assert cli("ingest", "one", "--json", *where).json["taken"] == []
    assert "two" not in Plan(workspace).registry.current(Kind.SOURCE)


def test_looking_at_what_did_not_change_imports_nothing_heavy(workspace: Workspace) -> None:
    workspace = at_once(workspace)
    write_rows(workspace.root / "inbox" / "sources" / "one.csv", 1)
    come_in(workspace)
    code = (
        "import json, os, sys; from pathlib import Path\n"
        "from features.inbox.looking import look\n"
        "from features.workspace import find_workspace\n"
        "states = [one.state for one in look(find_workspace(Path(sys.argv[1])))]\n"
        "named = ('great_expectations', 'prefect', 'torch', 'datasets', 'huggingface_hub')\n"
        "heavy = [name for name in named if name in sys.modules]\n"
        "print(json.dumps([states, heavy, sum(os.times()[:2])]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True, check=True
    )
    states, heavy, cpu = json.loads(done.stdout)
    assert (states, heavy) == (["taken"], [])
    assert cpu < 2.0  # 0.5 s, nearly all of it Python's imports
