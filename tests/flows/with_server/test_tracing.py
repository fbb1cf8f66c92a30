"""Spans of runs go to the collector that the environment names."""

from __future__ import annotations

import builtins
import logging
from typing import Any

import pytest
from support.receivers import hook

from flows.tracing import ENDPOINTS, start_tracing


@pytest.fixture(autouse=True)
def _no_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENDPOINTS, "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_TIMEOUT"):
        monkeypatch.setenv(name, "x")  # So that what is set meanwhile is taken back.
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("prefect_server")
def test_spans_of_a_flow_and_its_tasks_come_to_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from prefect import flow, task

    assert start_tracing() is None

    @task(task_run_name="embed {source}")
    def embed(source: str) -> None:
        """Nothing."""

    @flow(name="ingest", flow_run_name="an ingest")
    def ingest() -> None:
        embed("s1")

    with hook() as kept:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", kept.url.removesuffix("/hook"))
        provider = start_tracing()
        assert provider is not None
        try:
            assert start_tracing() is None  # Once.
            ingest()
            assert provider.force_flush()
        finally:
            provider.shutdown()
    ((path, body),) = kept.raw
    assert path == "/v1/traces"
    (sent,) = ExportTraceServiceRequest.FromString(body).resource_spans
    spans = {span.name: span for scope in sent.scope_spans for span in scope.spans}
    assert set(spans) == {"an ingest", "embed s1"}
    assert spans["embed s1"].trace_id == spans["an ingest"].trace_id
    assert "springboard" in {attribute.value.string_value for attribute in sent.resource.attributes}


def test_without_the_extra_it_is_said_and_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("opentelemetry.sdk"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    logger = logging.getLogger("prefect.springboard")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "isEnabledFor", lambda level: True)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert start_tracing() is None
    assert "springboard[otel]" in caplog.text
