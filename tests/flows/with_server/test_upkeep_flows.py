"""The maintain and evaluate flows, and what a killed serve leaves on its server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.maintenance import Maintained
from features.maintenance.problems import Problem
from features.registry import Ledger
from features.workspace import Workspace
from models.errors import ArtefactError


def test_maintain_by_schedule_fails_where_something_is_wrong(
    prefect_server: None, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.maintain as module

    done: list[Maintained] = []

    def kept(place: Workspace) -> Maintained:
        wrong = [Problem("data/esms", "1 file is missing: x", "springboard pull")]
        done.append(Maintained(problems=wrong if done else []))
        return done[-1]

    monkeypatch.setattr(module, "keep_in_shape", kept)
    assert module.maintain(workspace=str(workspace.root))["whole"] is True
    with pytest.raises(ArtefactError, match="1 problem, first: data/esms: 1 file is missing"):
        module.maintain(workspace=str(workspace.root))
    assert len(done) == 2, "what is wrong is not mended by trying again"


def test_evaluate_does_nothing_without_results_and_writes_only_what_is_new(
    prefect_server: None, workspace: Workspace
) -> None:
    from prefect.artifacts import Artifact

    from features.reports.slugs import slug_of
    from flows.evaluate import evaluate
    from flows.running import artifact_key

    nothing = evaluate(workspace=str(workspace.root))
    assert (nothing["targets"], nothing["written"]) == (0, [])
    assert not (workspace.reports / "evaluation").exists()

    _report(workspace, "a", 0.6, 1)
    _report(workspace, "b", 0.7, 2)
    done = evaluate(workspace=str(workspace.root))
    assert (done["targets"], done["tried"]) == (1, 2)
    assert [Path(path).name for path in done["written"]] == ["live.json", "live.md"]
    said = (workspace.reports / "evaluation" / "live.md").read_text(encoding="utf-8")
    assert "| t\\_1\\| | accuracy | 2 | 1 | b | a | 1 | 10.00 |" in said
    artifact = Artifact.get(artifact_key("springboard-evaluation", slug_of(str(workspace.root))))
    assert artifact is not None
    assert str(artifact.data).strip() == said.strip()
    assert evaluate(workspace=str(workspace.root))["written"] == []


def test_runs_that_nobody_carries_on_are_ended(prefect_server: None, workspace: Workspace) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Running, Scheduled

    from flows.aftermath import end_lost_runs
    from flows.evaluate import evaluate

    with get_client(sync_client=True) as client:
        flow = client.create_flow(evaluate)
        deployment = client.create_deployment(flow, name="lost", concurrency_limit=1)
        by_hand = client.create_flow_run(evaluate, state=Running())
        lost = client.create_flow_run_from_deployment(deployment, state=Running())
        waiting = client.create_flow_run_from_deployment(deployment, state=Scheduled())
        carried_on = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"],
            env={"PREFECT__FLOW_RUN_ID": str(lost.id)},
        )
        try:
            assert end_lost_runs() == [lost.name]
            carried_on.wait(timeout=30)
        finally:
            carried_on.kill()
        states = [client.read_flow_run(run.id).state for run in (by_hand, lost, waiting)]
        assert [state.name if state else None for state in states] == ["Running", "Crashed", "Scheduled"]
        assert end_lost_runs() == []


def test_only_the_server_that_was_noted_is_ended(workspace: Workspace, tmp_path: Path) -> None:
    from flows.aftermath import end_left_server, note_server
    from models.errors import SpringboardError

    note = tmp_path / "server.json"
    assert end_left_server(note) is False
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(601)"])
    try:
        note_server(note, "http://127.0.0.1:1/api", 1, server)
        text = note.read_text(encoding="utf-8")
        # The process id went to another process since.
        note.write_text(text.replace(str(server.pid), str(other.pid)), encoding="utf-8")
        assert end_left_server(note) is False
        assert other.poll() is None
        # The serve that started it is there still: ourselves.
        note_server(note, "http://127.0.0.1:1/api", os.getpid(), server)
        with pytest.raises(SpringboardError, match="another springboard serve"):
            end_left_server(note)
        note.write_text(text, encoding="utf-8")
        assert end_left_server(note) is True
        server.wait(timeout=30)
    finally:
        server.kill()
        other.kill()
    note.write_text('{"api": "x"}', encoding="utf-8")
    assert end_left_server(note) is False


def _report(workspace: Workspace, source: str, score: float, rank: int) -> None:
    Ledger(workspace.ledgers / "transfers.jsonl").append(
        {
            "event": "reported",
            "source": source,
            "target": "t_1|",
            "score": score,
            "baseline": 0.5,
            "seed": None,
            "metric": "accuracy",
            "target_version": "v1",
            "ranking_id": "r",
            "scorer": "logme",
            "ranked": 3,
            "rank": rank,
        }
    )
