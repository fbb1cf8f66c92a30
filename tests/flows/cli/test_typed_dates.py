"""A date alone, typed where the past is asked for: its end for what was there, its beginning for what came since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.cli import Cli
from support.releases import rank_by_hand, register_target

from features.rankings.history import RankingLedger
from features.registry.ledger import parse_time
from features.workspace import Workspace


@pytest.fixture
def ranked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(workspace.root)
    register_target(workspace, "t1")
    rank_by_hand(workspace, "t1", ["a", "b"])
    return workspace


def test_the_day_of_a_ranking_shows_it_and_the_day_before_does_not(ranked: Workspace, cli: Cli) -> None:
    at = parse_time(RankingLedger(ranked).lines("t1")[0]["at"])
    today, before = at.date().isoformat(), (at - timedelta(days=1)).date().isoformat()
    assert len(cli("rank", "t1", "--as-of", today, "--json").json["ranking"]) == 2
    assert cli("rank", "t1", "--as-of", f"{today}T00:00").code == 1
    assert cli("audit", "--since", today, "--json").json["entries"]
    none = cli("rank", "t1", "--as-of", before)
    assert none.code == 1
    assert f"had no ranking as of {before}.\n" in none.out
    # What was there then is not changed by ranking now.
    assert "refresh" not in none.out
    assert "springboard releases" in none.out
    assert cli("rank", "t1", "--as-of", before, "--json").json["reason"] == f"no ranking as of {before}"
