"""Prometheus' text form, by its own client, in a registry of our own: nothing of this process is told with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.artefacts.files import write_whole
from features.metrics.gathering import gather

if TYPE_CHECKING:
    from features.artefacts.plan import Plan
    from features.metrics.family import Family

__all__ = ["CONTENT_TYPE", "PREFIX", "to_text", "write_metrics"]

PREFIX = "springboard_"

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of what :func:`to_text` gives."""


def to_text(families: Iterable[Family]) -> bytes:
    """The metrics in Prometheus' text form; one without samples is left out."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(list(families)))
    return generate_latest(registry)


class _Given:
    """What a registry asks for its metrics."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for one in self._families:
            kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
            metric = kind(PREFIX + one.name, one.help, labels=one.labels)
            for labels, value in one.samples.items():
                metric.add_metric(list(labels), value)
            if one.samples:
                yield metric


def write_metrics(plan: Plan) -> Path:
    """Write ``reports/metrics.prom``, for node_exporter's textfile collector; whole or not at all."""
    path = plan.workspace.reports / "metrics.prom"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = to_text(gather(plan))
    write_whole(path, lambda part: part.write_bytes(text))
    return path
