"""The ingest flow with a tiny encoder: failures, retries, kills, doubled runs, and what it announces."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.prefect_database import make_home
from support.workspaces import add, change_params, write_rows

from features.artefacts.plan import Plan
from features.audit import verify
from features.publishing import open_store
from features.registry import Kind
from features.reports.records import source_records
from features.workspace import Workspace

pytestmark = pytest.mark.long


def _ingest(workspace: Workspace, names: list[str] | None = None) -> dict[str, Any]:
    from flows.ingest import ingest

    return ingest(names=names, workspace=str(workspace.root))


def _records(workspace: Workspace) -> dict[str, dict[str, Any]]:
    return {record["name"]: record for record in source_records(Plan(workspace))}


def _artefacts(workspace: Workspace) -> dict[str, int]:
    kinds = ("datasets", "embeddings", "moments", "esms")
    return {kind: len(list(workspace.folder(kind).glob("[!.]*"))) for kind in kinds}


@pytest.fixture
def team_of_two(workspace: Workspace, tmp_path: Path) -> Workspace:
    workspace = change_params(workspace, run={"retries": 1, "retry_delay_seconds": 0})
    for number in (1, 2):
        add(workspace, Kind.SOURCE, write_rows(tmp_path / "files" / f"s{number}.csv", number))
    return workspace


def test_a_failing_source_stays_pending_with_its_reason_and_the_rest_go_on(
    prefect_server: None, team_of_two: Workspace
) -> None:
    workspace = team_of_two
    plan = Plan(workspace)
    broken = plan.path("datasets", plan.registry.get(Kind.SOURCE, "s2").version)
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    result = _ingest(workspace)
    assert result["made"] == ["s1"]
    assert "unreadable" in result["failed"]["s2"]
    assert result["release"] is not None
    records = _records(workspace)
    assert records["s1"]["status"] == "ready"
    assert records["s2"]["status"] == "pending"
    assert "unreadable" in records["s2"]["reason"]

    broken.write_bytes(whole)
    assert _ingest(workspace, ["s2"])["made"] == ["s2"]
    assert _records(workspace)["s2"]["status"] == "ready"
    assert _records(workspace)["s2"]["reason"] == ""
    _every_run_is_in_the_log_and_its_releases(workspace)


def _every_run_is_in_the_log_and_its_releases(workspace: Workspace) -> None:
    log = verify(workspace)
    assert log.problems == []
    assert log.in_releases == log.lines
    ours = [
        (e["what"], e["on"].get("name") or e["on"].get("source"), e["run"]) for e in log.entries if e["run"]
    ]
    first, second = ours[0][2], ours[-1][2]
    assert [(what, name, run == second) for what, name, run in ours] == [
        ("source ingested", "s1", False),
        ("source failed", "s2", False),
        ("source ingested", "s2", True),
        ("source no longer fails", "s2", True),
    ]
    assert first != second


def test_what_may_pass_is_tried_again_and_what_cannot_is_not(
    prefect_server: None, team_of_two: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.ingest as module
    from models.errors import TuningError

    tried: Counter[str] = Counter()
    real = module.make_moments

    def shaky(plan: Plan, source: Any, progress: Any) -> str:
        tried[source.name] += 1
        if source.name == "s2":
            raise TuningError("the loss is not finite")
        if tried[source.name] == 1:
            raise OSError("the network drive blinked")
        return real(plan, source, progress)

    monkeypatch.setattr(module, "make_moments", shaky)
    result = _ingest(team_of_two)
    assert result["made"] == ["s1"]
    assert result["failed"] == {"s2": "the loss is not finite"}
    assert tried == {"s1": 2, "s2": 1}


def test_an_ingest_that_was_killed_is_finished_by_the_next_and_nothing_is_doubled(
    prefect_server: None, prefect_database: Path, team_of_two: Workspace, tmp_path: Path
) -> None:
    workspace = team_of_two
    # A process that stops for ever where the second source would be tuned, and is killed there.
    code = (
        "import sys, time, features.artefacts.moments as m\n"
        "real = m.make_moments\n"
        "def stuck(plan, source, progress):\n"
        "    if source.name == 's2':\n"
        "        open(sys.argv[2], 'w').close()\n"
        "        time.sleep(600)\n"
        "    return real(plan, source, progress)\n"
        "m.make_moments = stuck\n"
        "from flows.ingest import ingest\n"
        "ingest(workspace=sys.argv[1])\n"
    )
    reached = tmp_path / "reached"
    home = make_home(prefect_database, tmp_path / "prefect")
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(workspace.root), str(reached)],
        env={**os.environ, "PREFECT_HOME": str(home), "PREFECT_LOGGING_LEVEL": "CRITICAL"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while not reached.exists():
            assert process.poll() is None, "the ingest ended by itself"
            assert time.monotonic() < deadline, "the ingest never came to the second source"
            time.sleep(0.2)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    result = _ingest(workspace)
    assert result["ready"] == ["s1"]
    assert result["made"] == ["s2"]
    assert _artefacts(workspace) == {"datasets": 2, "embeddings": 2, "moments": 2, "esms": 2}
    store = open_store(Plan(workspace))
    assert {view: store.count(view) for view in ("esm", "centroid", "dataset_profile", "row_embedding")} == {
        "esm": 2,
        "centroid": 2,
        "dataset_profile": 2,
        "row_embedding": 20,
    }
    again = _ingest(workspace)
    assert (again["made"], again["published"], again["release"]) == ([], 0, None)


def test_the_event_names_what_is_stale(
    prefect_server: None, team_of_two: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import prefect.events

    emitted: list[dict[str, Any]] = []
    monkeypatch.setattr(prefect.events, "emit_event", lambda **event: emitted.append(event))
    add(team_of_two, Kind.TARGET, write_rows(tmp_path / "files" / "t1.csv", 11))
    first = _ingest(team_of_two)
    assert (first["made"], first["failed"]) == (["s1", "s2"], {})
    second = _ingest(team_of_two)
    assert (second["made"], second["failed"]) == ([], {})
    # One event per publish, none where nothing was published. A module of Prefect's that is first imported by these
    # runs takes the replacement for its own events too: those are not ours to count.
    (event,) = [event for event in emitted if event["event"].startswith("springboard.")]
    assert event["event"] == "springboard.pool.published"
    assert event["resource"]["prefect.resource.id"].startswith("springboard.workspace.")
    assert event["payload"]["sources"] == ["s1", "s2"]
    assert event["payload"]["stale_targets"] == ["t1"]


def test_without_a_server_the_command_names_the_stale_targets(
    prefect_server: None, team_of_two: Workspace, tmp_path: Path, cli: Any
) -> None:
    add(team_of_two, Kind.TARGET, write_rows(tmp_path / "files" / "t1.csv", 11))
    said = cli("ingest", "--json", "-w", team_of_two.root)
    assert said.code == 0
    assert said.json["made"] == ["s1", "s2"]
    assert said.json["stale"] == ["t1"]
    said = cli("ingest", "-w", team_of_two.root)
    assert "Nothing is pending." in said.out
    assert "t1" in said.out
    assert cli("ingest", "nobody", "-w", team_of_two.root).is_clear_error("nobody", "list sources")


def test_a_second_name_of_the_same_rows_is_ingested_as_the_first(
    prefect_server: None, team_of_two: Workspace, tmp_path: Path, cli: Any
) -> None:
    add(team_of_two, Kind.SOURCE, write_rows(tmp_path / "files" / "twin.csv", 2))
    said = cli("ingest", "twin", "--json", "-w", team_of_two.root)
    assert said.code == 0
    assert said.json["made"] == ["s2"]
    assert {name: record["status"] for name, record in _records(team_of_two).items()} == {
        "s1": "pending",
        "s2": "ready",
        "twin": "ready",
    }
    nothing = cli("ingest", "twin", "--json", "-w", team_of_two.root).json
    assert nothing.keys() == said.json.keys()
    assert (nothing["made"], nothing["ready"]) == ([], ["s2"])


def test_the_run_shows_its_results_as_artifacts(prefect_server: None, team_of_two: Workspace) -> None:
    import json

    from prefect.artifacts import Artifact

    _ingest(team_of_two)
    artifact = Artifact.get("springboard-ingest")
    assert artifact is not None
    assert [row["source"] for row in json.loads(artifact.data)] == ["s1", "s2"]
