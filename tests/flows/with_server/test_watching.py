"""What surrounds every flow: it is noted, failures and time-outs are told, and telling never fails the flow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import change_params

from features.alerts.outbox import Outbox
from features.runs import last_of_flows, running
from features.workspace import Workspace


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    import prefect.events

    events: list[dict[str, Any]] = []

    def emit(**event: Any) -> object:
        # A module of Prefect's that is first imported meanwhile takes this function for its own events too.
        if event["event"].startswith("springboard."):
            events.append(event)
        return event

    monkeypatch.setattr(prefect.events, "emit_event", emit)
    return events


@pytest.mark.usefixtures("prefect_server")
def test_a_flow_that_fails_is_told_to_prefect_once_and_a_time_out_is_a_failure(
    workspace: Workspace, emitted: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow

    from flows.watching import watched

    does: dict[str, Any] = {"result": {"failed": {"t1": "broken"}, "changed": [], "computed": 1}}

    @flow(name="refresh", timeout_seconds=3)
    @watched("changed")
    def refresh(names: list[str] | None = None, workspace: str | None = None) -> dict[str, Any]:
        (one,) = running(Workspace(place.root))
        assert one.timeout_seconds == 3
        if "error" in does:
            raise does["error"]
        time.sleep(does.get("seconds", 0))
        result: dict[str, Any] = does["result"]
        return result

    place = change_params(workspace, run={"push": False})
    root = str(place.root)
    assert list(refresh.parameters.properties) == ["names", "workspace"]
    assert refresh(workspace=root) == does["result"]
    refresh(workspace=root)
    (event,) = emitted
    assert event["event"] == "springboard.alert.flow-failed"
    assert event["payload"]["why"] == "broken"
    assert event["resource"]["prefect.resource.id"].startswith("springboard.workspace.")
    assert {one["prefect.resource.id"] for one in event["related"]} == {
        "springboard.flow.refresh",
        "springboard.target.t1",
    }
    assert Outbox(place).standings()[0].channels == {"events": "sent"}
    assert last_of_flows(place)["refresh"].succeeded_at

    does["error"] = ValueError("no such thing")
    with pytest.raises(ValueError, match="no such thing"):
        refresh(workspace=root)
    del does["error"]
    does["seconds"] = 5
    with pytest.raises(TimeoutError):
        refresh(workspace=root)
    whys = [one.alert["why"] for one in Outbox(place).standings()]
    assert whys == ["broken", "ValueError: no such thing", "it took longer than its time-out"]
    assert running(place) == []

    does["seconds"] = 0
    monkeypatch.setattr("flows.watching.raise_alerts", lambda plan: 1 / 0)
    assert refresh(workspace=root) == does["result"]
    assert last_of_flows(place)["refresh"].failing.keys() == {"t1"}


@pytest.mark.usefixtures("emitted")
def test_serve_looks_by_itself(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from features.runs import begin
    from flows import watching

    begin(workspace, "ingest", "run-1", 3600).lock.release()  # Killed.
    monkeypatch.setattr(watching, "FIRST_CHECK_SECONDS", 0.01)
    with watching.checking(workspace):
        deadline = time.monotonic() + 30
        while running(workspace) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert [one.alert["kind"] for one in Outbox(workspace).standings()] == ["flow_failed"]


def test_the_automation_of_the_documentation_is_one() -> None:
    import yaml
    from prefect.events.schemas.automations import AutomationCore

    from features.alerts.params import KINDS
    from flows.watching import EVENT_PREFIX

    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    (block,) = (part.split("```")[0] for part in text.split("```yaml\n")[1:] if "run-deployment" in part)
    automation = AutomationCore.model_validate(yaml.safe_load(block))
    known = {EVENT_PREFIX + kind.replace("_", "-") for kind in KINDS}
    assert automation.trigger.expect <= known  # type: ignore[union-attr]
