"""Traces: Prefect makes a span of every flow and task run; here they are sent on, where a collector is named.

Prefect makes them by OpenTelemetry's API alone, which drops them until somebody sets up its SDK.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["ENDPOINTS", "start_tracing"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's own variables that name a collector; the others of theirs (headers, sampling) hold too."""

_DEFAULTS = {
    "OTEL_SERVICE_NAME": "springboard",
    # What is left is sent at the end of a process; a collector that is down must not hold it for long.
    "OTEL_EXPORTER_OTLP_TIMEOUT": "3",
}


def start_tracing() -> TracerProvider | None:
    """Send spans to the collector that the environment names, by OTLP over HTTP.

    Returns
    -------
    TracerProvider or None
        None where no collector is named, somebody set traces up already (``opentelemetry-instrument``), or the extra
        ``otel`` is not installed, which is then said on the log.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    from opentelemetry import trace

    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        from prefect.logging import get_logger

        get_logger("springboard").warning(
            "%s is set, and no traces are sent: pip install 'springboard[otel]'", " or ".join(ENDPOINTS)
        )
        return None
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return None
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider
