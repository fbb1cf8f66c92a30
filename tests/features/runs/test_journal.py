"""Runs that end, fail, hang, or are killed; a killed run is one whose lock is free though it never ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from features.alerts.finding import raise_of_runs
from features.runs import WHOLE, Begun, Outcome, begin, finish, last_of_flows, note_killed, running
from features.workspace import Workspace


def kill(begun: Begun) -> None:
    """What kill -9 does: the lock goes with the process, the file stays."""
    begun.lock.release()


def run(workspace: Workspace, failed: dict[str, str], fine: Sequence[str] | None = ()) -> None:
    finish(begin(workspace, "ingest", None, 3600), Outcome(failed, fine))


def kinds(raised: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(alert["kind"], alert["what"]) for alert in raised]


def test_a_run_that_ends_leaves_its_last_words_and_nothing_else(workspace: Workspace) -> None:
    begun = begin(workspace, "refresh", "run-1", 3600)
    (one,) = running(workspace)
    assert (one.run, one.flow, one.alive, one.hangs) == ("run-1", "refresh", True, False)
    finish(begun, Outcome())
    assert running(workspace) == []
    assert list((workspace.private / "runs").iterdir()) == []
    state = last_of_flows(workspace)["refresh"]
    assert state.started_at
    assert state.succeeded_at == state.ended_at
    assert not state.failing
    assert raise_of_runs(workspace) == []


def test_the_same_failure_of_every_run_is_told_once_and_again_after_it_was_well(workspace: Workspace) -> None:
    run(workspace, {"s1": "no space left: 123 bytes", "s2": "broken"})
    assert len(raise_of_runs(workspace)) == 2
    run(workspace, {"s1": "no space left: 77 bytes"})  # The numbers vary; s2 was not looked at.
    assert raise_of_runs(workspace) == []
    assert set(last_of_flows(workspace)["ingest"].failing) == {"s1", "s2"}
    run(workspace, {"s1": "no network"})
    assert kinds(raise_of_runs(workspace)) == [("flow_failed", "the flow 'ingest' failed for source 's1'")]
    run(workspace, {}, fine=["s1"])
    run(workspace, {"s1": "no network"})
    assert len(raise_of_runs(workspace)) == 1
    run(workspace, {}, fine=None)
    assert not last_of_flows(workspace)["ingest"].failing


def test_a_killed_run_is_told_once_whoever_is_killed_while_telling(workspace: Workspace) -> None:
    kill(begin(workspace, "ingest", "run-1", 3600))
    (dead,) = note_killed(workspace)  # And this one is killed before it can tell.
    assert not dead.alive
    raised = raise_of_runs(workspace)
    assert kinds(raised) == [("flow_failed", "the flow 'ingest' failed")]
    assert "killed" in raised[0]["why"]
    assert raised[0]["about"]["run"] == "run-1"
    assert running(workspace) == []
    assert raise_of_runs(workspace) == []
    run(workspace, {})
    assert WHOLE not in last_of_flows(workspace)["ingest"].failing


def test_a_run_that_was_ended_at_its_time_limit_says_so(workspace: Workspace) -> None:
    kill(begin(workspace, "ingest", "run-1", 3600))
    (workspace.private / "timeouts").mkdir()
    note = workspace.private / "timeouts" / "ingest-run-1.txt"
    note.write_text("ingest took longer than 5 minutes\n\nThread 1:", encoding="utf-8")
    assert raise_of_runs(workspace)[0]["why"] == "ingest took longer than 5 minutes"


def test_a_hanging_run_is_told_once_and_a_stopped_one_is_no_failure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(workspace, "refresh", "run-1", 3600)
    assert raise_of_runs(workspace) == []
    monkeypatch.setattr("features.runs.journal._seconds_since", lambda record: 7200.0)
    raised = raise_of_runs(workspace)
    assert kinds(raised) == [("flow_hangs", "the flow 'refresh' hangs")]
    assert "2 hours" in raised[0]["why"]
    assert "run-1" in raised[0]["next"]
    assert raise_of_runs(workspace) == []
    finish(begun, None)
    assert last_of_flows(workspace)["refresh"].ended_at is None
    assert running(workspace) == []


def test_a_clock_put_forward_makes_nothing_hang(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.runs.journal._boot", lambda: "this boot")
    monkeypatch.setattr("features.runs.journal.now_utc", lambda: "2001-01-01T00:00:00+00:00")
    begun = begin(workspace, "refresh", None, 3600)
    (one,) = running(workspace)
    assert one.seconds < 60
    assert not one.hangs
    finish(begun, Outcome())


def test_what_cannot_be_read_is_as_if_nothing_ran(workspace: Workspace) -> None:
    run(workspace, {})
    (workspace.private / "flows.json").write_text("{", encoding="utf-8")
    (workspace.private / "runs" / "x.json").write_text("[]", encoding="utf-8")
    assert last_of_flows(workspace) == {}
    assert running(workspace) == []
    run(workspace, {})
    assert last_of_flows(workspace)["ingest"].succeeded_at
