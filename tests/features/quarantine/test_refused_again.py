"""What waits of a name that was refused, accepted and refused again; Great Expectations keeps out for speed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.workspaces import add, rows_of, write_rows

from features.alerts.finding import raise_alerts
from features.artefacts.plan import Plan
from features.audit import verify
from features.gate import run_gate
from features.metrics import gather, to_text
from features.quarantine import drop, release, waiting_of
from features.reading import ReadOptions
from features.registry import Kind, Ledger
from features.reports.records import quarantine_records, status_record
from features.workspace import Workspace
from models.errors import GateError, NamingError


@pytest.fixture(autouse=True)
def _masks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gate(*words: object, docs: object = None, **options: object) -> object:
        return run_gate(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("features.intake.add.run_gate", gate)


def _refused(workspace: Workspace, path: Path, seed: int = 4, **options: Any) -> None:
    rows_of(seed, 4).write_csv(path)
    with pytest.raises(GateError, match="refused"):
        add(workspace, Kind.SOURCE, path, **options)


def _accepted(workspace: Workspace, path: Path, seed: int = 51) -> None:
    add(workspace, Kind.SOURCE, write_rows(path, seed))


def _lines(workspace: Workspace) -> list[dict[str, Any]]:
    return Ledger(workspace.ledgers / "quarantine.jsonl").read()


def _counted(workspace: Workspace) -> tuple[int, int, int]:
    """What waits by the list, by status and by the metrics."""
    plan = Plan(workspace)
    said = re.search(r'springboard_quarantine_datasets{role="source"} (\d+)', to_text(gather(plan)).decode())
    return len(quarantine_records(plan)), status_record(plan)["quarantine"], int(said[1]) if said else 0


def test_the_same_rows_refused_again_after_an_accepted_version_wait_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "q.csv"
    _refused(workspace, path)
    assert _counted(workspace) == (1, 1, 1)
    _accepted(workspace, path)
    assert _counted(workspace) == (0, 0, 0)
    with pytest.raises(NamingError, match="nothing waits"):
        waiting_of(workspace, "q")
    assert raise_alerts(Plan(workspace)) == []
    _refused(workspace, path)
    _refused(workspace, path)
    assert _counted(workspace) == (1, 1, 1)
    assert [alert["kind"] for alert in raise_alerts(Plan(workspace))] == ["gate_refused"]
    assert len(_lines(workspace)) == 2
    assert quarantine_records(Plan(workspace))[0]["created_at"] == _lines(workspace)[-1]["at"]
    waiting = waiting_of(workspace, "q")
    assert (waiting.stopped, len(waiting.rows)) == (True, 4)
    assert release(workspace, "q", "there are no more of them").entry.rows == 4
    assert _counted(workspace) == (0, 0, 0)
    assert verify(workspace).is_whole


def test_what_was_refused_again_can_be_dropped_and_stays_away(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    _refused(workspace, path)
    _accepted(workspace, path)
    _refused(workspace, path)
    assert drop(workspace, "q", "of no use").rows == 4
    lines = _lines(workspace)
    _refused(workspace, path)
    assert _lines(workspace) == lines
    assert _counted(workspace) == (0, 0, 0)
    with pytest.raises(NamingError, match="nothing waits"):
        waiting_of(workspace, "q")


def test_a_refusal_that_came_back_after_another_one_is_the_newest(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "q.csv"
    first = rows_of(4, 4)["text"].to_list()
    for seed in (4, 5, 4):
        _refused(workspace, path, seed)
    assert len(_lines(workspace)) == 3
    assert sorted(waiting_of(workspace, "q").rows["text_a"]) == sorted(first)
    release(workspace, "q", "there are no more of them")
    assert _counted(workspace) == (0, 0, 0)


def test_a_clock_that_goes_back_hides_no_refusal(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "q.csv"
    _accepted(workspace, path)
    past = "2020-01-01T00:00:00.000000+00:00"
    with monkeypatch.context() as earlier:
        earlier.setattr("features.registry.ledger.now_utc", lambda: past)
        _refused(workspace, path)
        assert _lines(workspace)[0]["at"] == past
    assert waiting_of(workspace, "q").stopped
    assert _counted(workspace) == (1, 1, 1)
    with monkeypatch.context() as earlier:
        earlier.setattr("features.registry.ledger.now_utc", lambda: "2019" + past[4:])
        _accepted(workspace, path, 52)
    assert _counted(workspace) == (0, 0, 0)


def test_lines_of_older_versions_go_by_their_time(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    _refused(workspace, path)
    ledger = Ledger(workspace.ledgers / "quarantine.jsonl")
    (line,) = ledger.read()
    ledger.path.unlink()
    ledger.append({key: value for key, value in line.items() if key not in ("held", "after")})
    _refused(workspace, path)
    assert (len(_lines(workspace)), len(waiting_of(workspace, "q").rows)) == (1, 4)
    assert _counted(workspace) == (1, 1, 1)
    _accepted(workspace, path)
    assert _counted(workspace) == (0, 0, 0)
    _refused(workspace, path)
    assert (len(_lines(workspace)), len(waiting_of(workspace, "q").rows)) == (2, 4)
    assert _counted(workspace) == (1, 1, 1)


def test_a_refusal_with_named_columns_is_noted_once(workspace: Workspace, tmp_path: Path) -> None:
    for _ in range(3):
        _refused(workspace, tmp_path / "q.csv", read=ReadOptions(text=("text",), label="label"))
    assert len(_lines(workspace)) == 1


def test_dropping_a_refused_dataset_leaves_the_rows_of_the_accepted_one(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "q.csv"
    rows = rows_of(51)
    pl.concat([rows, rows[[4, 6]]]).write_csv(path)
    add(workspace, Kind.SOURCE, path)
    _refused(workspace, path)
    assert _counted(workspace)[0] == 2
    first = drop(workspace, "q", "a broken export")
    assert (first.rows, len(first.files)) == (4, 1)
    assert waiting_of(workspace, "q").by_rule == {"duplicate_row": 2}
    assert _counted(workspace)[0] == 1
    assert drop(workspace, "q", "doubles").by_rule == {"duplicate_row": 2}
    assert _counted(workspace)[0] == 0
    assert not list(workspace.folder("quarantine").glob("[!.]*"))
