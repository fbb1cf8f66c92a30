from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.cli import Cli
from support.workspaces import Team

from features.alerts.finding import raise_alerts
from features.artefacts.failures import note_failure
from features.artefacts.plan import Plan
from features.metrics import Family, gather, to_text, write_metrics
from features.registry import Ledger
from features.registry.promises import promise_freshness
from features.runs import Outcome, begin, finish


def read(text: bytes) -> dict[tuple[Any, ...], float]:
    """(name, label values ...) -> value, as a Prometheus server reads it."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_hostile_names_stay_labels() -> None:
    family = Family("x", 'help "with"\nbreaks\\', ("name",))
    names = ['a"} 1\nevil 2', "back\\slash", "\x1b[31mred", "ünïcödé", "\ud800"]
    for number, name in enumerate(names):
        family.add(number, name)
    family.add(None, "nothing")
    found = read(to_text([family, Family("empty", "nothing")]))
    assert sorted(found.values()) == [0, 1, 2, 3, 4]
    assert {name for name, *_ in found} == {"springboard_x"}
    assert ("springboard_x", 'a"} 1\ufffdevil 2') in found


def test_the_numbers_of_a_workspace(team: Team) -> None:
    workspace = team.workspace
    promise_freshness(workspace, Plan(workspace).registry, "t2", "0.001s")
    refusal = {
        "name": "bad",
        "role": "source",
        "reference": "x",
        "reasons": ["r"],
        "rows": 3,
        "refused_by_rule": {},
    }
    Ledger(workspace.ledgers / "quarantine.jsonl").append(refusal)
    finish(begin(workspace, "ingest", None, 60), Outcome({"s9": "broken"}))
    raise_alerts(Plan(workspace))
    found = read(to_text(gather(Plan(workspace))))

    def value(name: str, *labels: str) -> float:
        return found[(f"springboard_{name}", *labels)]

    assert value("target_stale_seconds", "t1") == 0
    assert value("target_stale_seconds", "t2") > 0
    assert value("target_stale_since_timestamp_seconds", "t2") > 1.6e9
    assert ("springboard_target_stale_since_timestamp_seconds", "t1") not in found
    assert value("target_promised_seconds", "t2") == 0.001
    assert value("target_promise_broken", "t2") == 1
    assert value("targets", "fresh") == value("targets", "stale") == 1
    assert value("sources", "ready") == 3
    assert value("quarantine_datasets", "source") == 1
    assert value("leading_tier_changes_total", "t1") == 0
    assert value("leading_tier_sources", "t1") >= 1
    for step in ("embeddings", "moments", "esms"):
        assert value("source_bytes", "s1", step) > 0
        assert value("source_seconds", "s1", step) >= 0
    assert value("flow_failing", "ingest") == 1
    assert value("flow_last_success_timestamp_seconds", "ingest") > 1.6e9
    assert value("flow_running", "ingest") == value("flow_hanging", "ingest") == 0
    assert value("alerts_raised_total", "target_stale") == value("alerts_raised_total", "gate_refused") == 1
    assert value("alerts_waiting") == 3  # For Prefect's events.

    written = write_metrics(Plan(workspace))
    assert written == workspace.reports / "metrics.prom"
    assert read(written.read_bytes()).keys() == found.keys()


def test_a_source_that_failed_is_counted_so(team: Team) -> None:
    plan = Plan(team.workspace)
    plan.path("esms", plan.source_keys(plan.pool()[0]).esm).unlink()
    note_failure(team.workspace, "s1", "broken")
    found = read(to_text(gather(Plan(team.workspace))))
    assert found["springboard_sources", "failed"] == 1
    assert found["springboard_sources", "ready"] == 2
    assert ("springboard_source_bytes", "s1", "esms") not in found


def test_metrics_are_printed_and_scraped(team: Team, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.serve import site

    monkeypatch.chdir(team.workspace.root)
    printed = cli("metrics")
    assert printed.code == 0
    assert ("springboard_target_stale_seconds", "t1") in read(printed.out.encode())
    assert {"metric": "targets", "labels": {"status": "fresh"}, "value": 1.0} in cli("metrics", "--json").json
    with site(team.workspace, "127.0.0.1", 0) as address:
        answer = httpx.get(f"{address}/metrics", timeout=60)
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert ("springboard_targets", "stale") in read(answer.content)
        team.workspace.params_file.write_text("encoder: [", encoding="utf-8")
        monkeypatch.setattr("flows.scraping._KEEP_SECONDS", -1.0)
        assert httpx.get(f"{address}/metrics", timeout=60).status_code == 500
        assert httpx.get(f"{address}/metrics.prom").status_code == 404  # No run has written it.


def test_the_table_of_metrics_has_each_with_its_labels(team: Team) -> None:
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("| metric (`springboard_...`) |")[2].partition("\n\n")[0]
    told = {
        name: labels.strip()
        for names, labels in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    real = {
        family.name + ("_total" if family.kind == "counter" else ""): ", ".join(family.labels) or "none"
        for family in gather(Plan(team.workspace))
    }
    assert told == real
