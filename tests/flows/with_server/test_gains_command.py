"""Expected gains as a user sees them: a pool with evidence, a refresh, a report, and the commands' answers."""

from __future__ import annotations

import json
from pathlib import Path

from support.cli import Cli
from support.transfer_evidence import past_transfers
from support.workspaces import Team

from features.artefacts.plan import Plan
from features.calibration.evidence import EVIDENCE, write_evidence
from features.pools import export_pool


def test_from_a_pool_with_evidence_to_gains_and_back(
    prefect_server: None, team: Team, cli: Cli, tmp_path: Path
) -> None:
    plan = Plan(team.workspace)
    where = ("--workspace", str(team.workspace.root))
    before = json.loads(cli("rank", "t1", "--json", *where).out)
    assert before["calibration"] is None
    assert before["ranking"][0]["expected_gain"] is None
    assert before["advice"] in cli("rank", "t1", *where).out
    export_pool(plan, tmp_path / "tiny", name="tiny")
    write_evidence(tmp_path / "tiny" / EVIDENCE, past_transfers(plan))
    added = cli("pool", "add", str(tmp_path / "tiny"), *where)
    assert "Stale targets: t1" in added.out
    assert "evidence of past transfers" in added.out
    refreshed = cli("refresh", "t1", *where)
    assert "Same ranking as before, new expected gains: t1 (springboard rank t1)" in refreshed.out
    shown = json.loads(cli("rank", "t1", "--json", *where).out)
    assert shown["calibration"]["targets"] == 6
    for row, old in zip(shown["ranking"], before["ranking"], strict=True):
        assert row["gain_low"] <= row["expected_gain"] <= row["gain_high"]
        assert (row["rank"], row["source"], row["score"]) == (old["rank"], old["source"], old["score"])
    best = max(shown["ranking"], key=lambda row: row["expected_gain"])["source"]
    assert best == "s2"
    assert "s2" in shown["advice"]
    text = cli("rank", "t1", *where).out
    assert "expected gain" in text
    assert shown["advice"] in text
    told = cli("feedback", "t1", "s2", "0.5", "--baseline", "0.6", "--json", *where)
    assert json.loads(told.out)["stale"] == {"logme": ["t1"]}
    assert cli("status", *where).code in (0, 1)
    assert json.loads(cli("refresh", "t1", "--json", *where).out)["rankings"][0]["recalibrated"] is True
    after = json.loads(cli("rank", "t1", "--json", *where).out)
    assert after["calibration"]["reported_pairs"] == 1
    assert "Every ranking is fresh." in cli("refresh", "t1", *where).out
