from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli import Cli
from support.workspaces import Team, write_rows

from features.ages import age_text, seconds_of
from features.artefacts.plan import Plan
from features.audit import verify
from features.registry.promises import promise_freshness, promises_of
from features.reports.records import status_record, target_records
from features.reports.workspace import overview_of_workspace
from models.errors import NamingError, SettingsError


def test_ages_are_read_and_written() -> None:
    assert [seconds_of(age, "--x") for age in ("30s", "90m", "24h", " 1.5d ")] == [30, 5400, 86400, 129600]
    assert [age_text(seconds) for seconds in (30.0, 5400.0, 86400.0, 90.5)] == ["30s", "90m", "1d", "90.5s"]
    for wrong in ("", "24", "h", "-1h", "24 hours", "1e3s", "٣h", "9" * 400 + "d"):
        with pytest.raises(SettingsError, match="is not an age"):
            seconds_of(wrong, "--x")


def test_a_promise_is_kept_in_the_registry_audited_and_taken_back(team: Team) -> None:
    plan = Plan(team.workspace)
    assert promises_of(plan.registry) == {}  # A ledger from before has none.
    assert promise_freshness(plan.workspace, plan.registry, "t2", "24h")
    assert not promise_freshness(plan.workspace, plan.registry, "t2", "1d")  # The same age.
    assert promises_of(plan.registry)["t2"].seconds == 86400
    for wrong, error in (("0h", SettingsError), ("soon", SettingsError)):
        with pytest.raises(error):
            promise_freshness(plan.workspace, plan.registry, "t2", wrong)
    with pytest.raises(NamingError):
        promise_freshness(plan.workspace, plan.registry, "t9", "24h")
    assert promises_of(plan.registry)["t2"].text == "24h"
    assert promise_freshness(plan.workspace, plan.registry, "t2", "none")
    assert promises_of(plan.registry) == {}
    noted = [entry["on"] for entry in verify(team.workspace).entries if entry["what"] == "freshness promised"]
    assert noted == [{"target": "t2", "fresh": "24h"}, {"target": "t2", "fresh": "none"}]
    assert verify(team.workspace).is_whole


def test_late_is_by_the_promise_and_by_max_age_without_one(team: Team) -> None:
    workspace = team.workspace
    assert status_record(Plan(workspace), 0.0)["late"] == ["t2"]
    assert status_record(Plan(workspace), 3600.0)["late"] == []
    promise_freshness(workspace, Plan(workspace).registry, "t2", "1d")
    assert status_record(Plan(workspace), 0.0)["late"] == []
    promise_freshness(workspace, Plan(workspace).registry, "t2", "0.001s")
    promise_freshness(workspace, Plan(workspace).registry, "t1", "0.001s")  # Fresh: nothing is broken.
    record = status_record(Plan(workspace), 3600.0)
    assert (record["late"], record["ok"]) == (["t2"], False)
    assert {one["name"]: one["broken"] for one in target_records(Plan(workspace))} == {
        "t1": False,
        "t2": True,
    }
    overview = overview_of_workspace(Plan(workspace))
    assert [row.promise for row in overview.targets] == [
        "promised within 0.001s",
        "promised within 0.001s, broken",
    ]
    assert "1 of them stale (1 longer than promised)" in overview.sentence


def test_promises_are_typed_and_shown(
    team: Team, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(team.workspace.root)
    assert cli("target", "fresh", "t1").out.strip() == "target 't1' has no freshness promise"
    added = cli("target", "add", write_rows(tmp_path / "t3.csv", 33), "--fresh", "90m")
    assert added.code == 0, added.err
    assert cli("target", "fresh", "t3", "--json").json["fresh_within_seconds"] == 5400
    lines = (team.workspace.ledgers / "registry.jsonl").read_bytes()
    refused = cli("target", "add", write_rows(tmp_path / "t4.csv", 34), "--fresh", "soon")
    assert refused.is_clear_error("'soon' is not an age", "--fresh")
    assert (team.workspace.ledgers / "registry.jsonl").read_bytes() == lines
    assert "90m" in cli("list", "targets").out
    assert "promised within 90m" in cli("status").out
    assert json.loads(cli("target", "fresh", "t3", "none", "--json").out)["changed"]
    assert cli("target", "fresh", "nobody", "1h").is_clear_error("no target is registered")
