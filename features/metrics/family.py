"""A metric and its samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from features.registry.ledger import parse_time
from features.wording import plain

__all__ = ["Family", "of", "timestamp"]


@dataclass
class Family:
    """One metric: its name (without the prefix), what it is, the names of its labels, and a value for each set of them.

    A counter only grows while the ledgers that it is counted from are there.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"
    samples: dict[tuple[str, ...], float] = field(default_factory=dict)

    def add(self, value: float | None, *labels: object) -> None:
        """Add a sample, where there is a value; labels are made safe to show."""
        if value is not None:
            self.samples[tuple(plain(label) for label in labels)] = float(value)

    def to_records(self) -> list[dict[str, Any]]:
        """Each sample as JSON."""
        return [
            {"metric": self.name, "labels": dict(zip(self.labels, labels, strict=True)), "value": value}
            for labels, value in self.samples.items()
        ]


def timestamp(text: str | None) -> float | None:
    """Seconds since 1970 of a ledger's time; None where there is none."""
    return None if not text else parse_time(text).timestamp()


def of(record: Mapping[str, Any], name: str) -> float | None:
    """A number of a record that older ones may lack."""
    value = record.get(name)
    return float(value) if isinstance(value, int | float) else None
