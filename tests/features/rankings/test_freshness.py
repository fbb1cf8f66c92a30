from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.cli import Cli
from support.workspaces import Team, add, change_params, ingest, refresh, write_rows

from features.artefacts.files import read_arrays_card
from features.artefacts.plan import Plan
from features.rankings import Freshness, freshness, stale_targets
from features.registry import Kind
from features.workspace import Workspace


def _of(workspace: Workspace, target: str = "t1") -> Freshness:
    (found,) = [one for one in freshness(Plan(workspace)) if one.target == target]
    return found


def test_a_ranked_target_is_fresh_and_one_never_ranked_is_stale_since_it_came(team: Team) -> None:
    assert not _of(team.workspace).is_stale
    assert _of(team.workspace).staleness() == 0.0
    never = _of(team.workspace, "t2")
    assert never.stale_since == Plan(team.workspace).registry.get(Kind.TARGET, "t2").at
    assert "never ranked" in never.reason
    refresh(team.workspace, "t2")
    assert stale_targets(Plan(team.workspace)) == []


def test_a_source_makes_targets_stale_when_it_is_ready_and_not_before(team: Team) -> None:
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    assert not _of(team.workspace).is_stale
    plan = ingest(team.workspace)
    key = plan.source_keys(plan.registry.get(Kind.SOURCE, "s4")).esm
    found = _of(team.workspace)
    assert found.stale_since == read_arrays_card(plan.path("esms", key)).made_at
    assert "s4" in found.reason
    refresh(team.workspace, "t1")
    assert not _of(team.workspace).is_stale


def test_of_several_changes_the_first_counts(team: Team) -> None:
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(team.workspace)
    first = _of(team.workspace)
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s5.csv", 5))
    ingest(team.workspace)
    both = _of(team.workspace)
    assert both.stale_since == first.stale_since
    assert "1 more" in both.reason


def test_new_data_of_the_target_makes_it_stale_since_then(team: Team) -> None:
    add(team.workspace, Kind.TARGET, write_rows(team.files / "t1.csv", 99), name="t1", replace=True)
    found = _of(team.workspace)
    assert found.stale_since == Plan(team.workspace).registry.get(Kind.TARGET, "t1").at
    assert "own data" in found.reason
    refresh(team.workspace, "t1")
    assert not _of(team.workspace).is_stale


def test_a_changed_setting_counts_from_the_last_ranking(team: Team) -> None:
    before = _of(team.workspace)
    changed = change_params(team.workspace, ranking={"center": False})
    found = _of(changed)
    assert found.stale_since == before.ranked_at
    assert not _of(change_params(team.workspace, ranking={"center": True})).is_stale


def test_staleness_is_the_time_since_the_first_change() -> None:
    since = datetime(2026, 11, 22, 10, tzinfo=UTC)
    stale = Freshness("t", None, None, since.isoformat(), "")
    assert stale.staleness(since + timedelta(hours=3)) == 3 * 3600
    assert stale.staleness(since - timedelta(hours=3)) == 0.0


@pytest.mark.parametrize(("age", "code"), [("0s", 1), ("24h", 0), ("0.5d", 0), ("30m", 0)])
def test_status_says_no_where_a_target_is_staler_than_that(team: Team, cli: Cli, age: str, code: int) -> None:
    said = cli("status", "--max-age", age, "--workspace", team.workspace.root, "--json")
    assert said.code == code
    assert said.json["late"] == (["t2"] if code else [])


def test_status_of_a_fresh_workspace_is_fine_at_any_age(team: Team, cli: Cli) -> None:
    refresh(team.workspace, "t2")
    assert cli("status", "--max-age", "0s", "--workspace", team.workspace.root).code == 0


@pytest.mark.parametrize("age", ["1 fortnight", "-1h", "h", "", "1e9h", "24"])
def test_an_age_that_is_none_is_refused(team: Team, cli: Cli, age: str) -> None:
    assert cli("status", f"--max-age={age}", "--workspace", team.workspace.root).is_clear_error(
        "is not an age"
    )


def test_a_ranking_as_it_was_at_a_time_and_at_a_release(team: Team, cli: Cli) -> None:
    where = ("--workspace", team.workspace.root, "--json")
    first = cli("rank", "t1", *where).json
    root = team.workspace.root
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@x"]
    time.sleep(1.0)  # a commit's time has whole seconds
    subprocess.run([*git, "add", "ledgers"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    between = datetime.now(UTC).isoformat()
    add(team.workspace, Kind.SOURCE, write_rows(team.files / "s4.csv", 4))
    ingest(team.workspace)
    refresh(team.workspace, "t1")
    second = cli("rank", "t1", *where).json
    assert second["ranking_id"] != first["ranking_id"]
    assert second["previous_ranking_id"] == first["ranking_id"]
    for when in (between, "HEAD", "main"):
        assert cli("rank", "t1", "--as-of", when, *where).json == first
    assert cli("rank", "t1", "--as-of", second["created_at"], *where).json == second
    early = cli("rank", "t1", "--as-of", "2020-01-01", *where)
    assert early.code == 1
    assert early.json["ranking"] == []


@pytest.mark.parametrize(
    "when", ["yesterday", "--output=/tmp/x", "HEAD:params.yaml", "v9", "2026-13-45", " "]
)
def test_a_moment_that_is_none_is_refused(team: Team, cli: Cli, when: str) -> None:
    said = cli("rank", "t1", f"--as-of={when}", "--workspace", team.workspace.root)
    assert said.is_clear_error("is neither a release nor a time", "springboard releases")
