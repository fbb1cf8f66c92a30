"""Schedules over years: summer time, clocks that are set, workspaces from before, retries that back off."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.releases import rank_by_hand, register_target

from features.artefacts.plan import Plan
from features.rankings.staleness import freshness
from features.registry.ledger import now_utc
from features.reports.records import status_record
from features.workspace import Settings, Workspace
from flows.environment import quiet_prefect

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _prefect() -> None:
    quiet_prefect(for_a_person=True)


def _deployments(path: Path, crons: dict[str, str] | None = None) -> dict[str, Any]:
    from flows.deployments import deployments_of

    return {one.flow_name: one for one in deployments_of(path, crons)}


def _fires(schedule: Any, start: datetime, most: int) -> list[float]:
    """When the server would start runs, as its own scheduler computes it, in seconds that no zone knows of."""
    from prefect.server.schemas.schedules import CronSchedule

    cron = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    return [fire.timestamp() for fire in asyncio.run(cron.get_dates(most, start=start))]


@pytest.mark.parametrize("flow", ["ingest", "refresh", "maintain", "evaluate"])
@pytest.mark.parametrize("crons", [{}, {"ingest": "7 * * * *"}])
def test_summer_time_starts_nothing_twice_and_leaves_nothing_out(flow: str, crons: dict[str, str]) -> None:
    (schedule,) = (one.schedule for one in _deployments(ROOT / "prefect.yaml", crons)[flow].schedules)
    assert schedule.timezone == "UTC"
    usual = _fires(schedule, datetime(2026, 6, 1, tzinfo=UTC), 100)
    every = {later - earlier for earlier, later in pairwise(usual)}
    assert len(every) == 1
    # The nights in which clocks go forward and back, in Berlin and in New York.
    for month, day in ((3, 28), (10, 24), (3, 7), (10, 31)):
        fires = _fires(schedule, datetime(2026, month, day, tzinfo=UTC), 100)
        assert {later - earlier for earlier, later in pairwise(fires)} == every


def test_a_workspace_from_before_goes_on_with_the_deployments_it_has(tmp_path: Path) -> None:
    old = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    old["deployments"] = old["deployments"][:2]
    del old["deployments"][0]["schedules"][0]["timezone"]
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump(old), encoding="utf-8")
    found = _deployments(tmp_path / "prefect.yaml")
    assert list(found) == ["ingest", "refresh"]
    assert [one.schedule.timezone for one in found["ingest"].schedules] == ["UTC"]


def test_retries_come_later_and_later_and_not_all_at_once() -> None:
    from flows.ingest import publish
    from flows.retrying import retrying

    settings = Settings.model_validate(
        {"encoder": {"ref": "x"}, "run": {"retries": 4, "retry_delay_seconds": 10}}
    )
    task = publish.with_options(**retrying(settings))
    assert (task.retries, task.retry_delay_seconds) == (4, [10, 20, 40, 80])
    assert task.retry_jitter_factor == 0.5
    none = settings.model_copy(update={"run": settings.run.model_copy(update={"retries": 0})})
    assert publish.with_options(**retrying(none)).retries == 0


def test_a_clock_that_was_put_back_keeps_nothing_stale_from_being_seen(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.registry import ledger

    ahead = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="microseconds")
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "now_utc", lambda: ahead)
        register_target(workspace, "t1")
        rank_by_hand(workspace, "t1", ["a", "b"])
    assert [one.is_stale for one in freshness(Plan(workspace))] == [False]
    # The clock is right again, and the target's own rows change: before the ranking, by the time stamps.
    assert register_target(workspace, "t1", "v2").at < ahead
    (one,) = freshness(Plan(workspace))
    assert one.is_stale
    assert one.staleness() == 0.0
    record = status_record(Plan(workspace), 3600.0)
    assert [target["status"] for target in record["targets"]] == ["stale"]
    rank_by_hand(workspace, "t1", ["b", "a"])
    (one,) = freshness(Plan(workspace))
    assert (one.is_stale, one.ranked_at is not None and one.ranked_at < now_utc()) == (False, True)
