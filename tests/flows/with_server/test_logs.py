"""Lines of a log: the run, source and target on every one, and secrets on none."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from features.workspace import Workspace
from flows import logs
from flows.cli.render import progress_bar
from flows.running import workspace_at


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.StreamHandler[StringIO]]:
    """A handler with lines of JSON that gets everything that is logged."""
    monkeypatch.setattr(logs, "_secrets", ())
    monkeypatch.setattr(logs, "_named", set())
    factory = logging.getLogRecordFactory()
    logs.install()
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(factory)


def read(told: logging.StreamHandler[StringIO]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.stream.getvalue().splitlines()]


def test_secrets_are_on_no_line(
    told: logging.StreamHandler[StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf-of-secrets")
    monkeypatch.setenv("OUR_HOOK", "https://hooks.example.org/T0/path-of-secrets")
    logs.keep_secret(["OUR_HOOK"])
    log = logging.getLogger("anybody's")
    log.warning("with %s and %s", "hf-of-secrets", "https://me:word-of-secrets@example.org")
    log.warning("to https://hooks.example.org/T0/path-of-secrets")
    try:
        raise ValueError("hf-of-secrets is wrong")
    except ValueError:
        log.exception("failed")
    log.warning("no %d", "number")  # A line that its writer got wrong.
    first, second, third, fourth = read(told)
    assert first["message"] == "with *** and https://***@example.org"
    assert "path" not in second["message"]
    assert third["error"].endswith("ValueError: *** is wrong")
    assert "could not be formatted" in fourth["message"]
    assert "of-secrets" not in told.stream.getvalue()
    assert {"run", "flow", "task", "source", "target", "workspace"} <= set(first)


@pytest.mark.usefixtures("prefect_server")
def test_every_line_of_a_run_says_what_it_is_about(
    workspace: Workspace, told: logging.StreamHandler[StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow, task
    from prefect.logging import get_run_logger

    runs = logging.getLogger("prefect.task_runs")
    monkeypatch.setattr(runs, "isEnabledFor", lambda level: True)
    monkeypatch.setattr(runs, "propagate", False)

    @task(task_run_name="embed {source}")
    def embed(workspace: str, source: str) -> None:
        workspace_at(workspace)
        monkeypatch.setattr(runs, "handlers", [told])
        get_run_logger().info("embedding")
        logging.getLogger("a library").warning("hm")

    @flow(name="ingest")
    def ingest(workspace: str) -> None:
        embed(workspace, "s1")

    ingest(str(workspace.root))
    said = {line["message"]: line for line in read(told)}
    for message in ("embedding", "hm"):
        line = said[message]
        assert (line["flow"], line["task"], line["source"]) == ("ingest", "embed s1", "s1")
        assert line["workspace"] == str(workspace.root)
    # Prefect's engine speaks of the run's end when its contexts are left.
    end = said["Finished in state Completed()"]
    assert (end["task"], end["source"], end["workspace"]) == ("embed s1", "s1", str(workspace.root))
    runs = {line["run"] for line in read(told) if line["flow"] == "ingest"}
    assert len(runs) == 1
    assert None not in runs


def test_the_console_writes_json_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.logging.handlers import PrefectConsoleHandler

    logger = logging.getLogger("a console")
    console = PrefectConsoleHandler()
    monkeypatch.setattr(logger, "handlers", [console])
    monkeypatch.setattr(logs, "_loggers", lambda: [logger])
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    factory = logging.getLogRecordFactory()
    logs.install()
    assert logger.handlers == [console]
    monkeypatch.setenv(logs.AS_JSON, "json")
    logs.install()
    (one,) = logger.handlers
    assert isinstance(one.formatter, logs.JsonLines)
    logs.install()
    assert logger.handlers == [one]
    logging.setLogRecordFactory(factory)


def test_progress_is_json_too_where_lines_are(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUR_TOKEN", "word-of-secrets")
    monkeypatch.setenv(logs.AS_JSON, "json")
    monkeypatch.setattr(logs, "_secrets", ())
    monkeypatch.setattr(logs, "_named", set())
    logs.keep_secret(())
    with progress_bar("reading word-of-secrets") as advance:
        advance(1, 1)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["reading ***: started", "reading ***: done in 0 s"]
    assert {"run", "source", "target", "workspace"} <= set(lines[0])
