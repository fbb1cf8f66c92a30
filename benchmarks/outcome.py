"""What a benchmark found: its goals with their numbers, and where they were measured."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Goal", "MissingInput", "Outcome", "circumstances"]

_LIBRARIES = (
    "springboard", "torch", "transformers", "sentence-transformers", "tokenizers", "numpy", "polars",
    "lancedb", "dvc", "prefect", "great-expectations", "psutil",
)  # fmt: skip


class MissingInput(Exception):  # noqa: N818 - it is a finding, told in the table
    """A benchmark cannot run here; the message says what is missing and how to get it."""


@dataclass(frozen=True)
class Goal:
    """One number and the bound it was to keep.

    Attributes
    ----------
    what
        In words, with what is divided by what.
    value
        What was measured.
    limit
        The bound; None for a number that is only reported.
    at_least
        Whether the bound is a lower one.
    unit
        ``x`` for ratios, else the unit.
    """

    what: str
    value: float
    limit: float | None = None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether the bound was kept; None where there is none."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def to_record(self) -> dict[str, Any]:
        """All of it, and whether it was met."""
        return {**asdict(self), "met": self.met}


@dataclass(frozen=True)
class Outcome:
    """What one benchmark found; ``raw`` holds every single measurement."""

    title: str
    goals: list[Goal]
    raw: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def circumstances() -> dict[str, Any]:
    """When and on what a benchmark ran."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_gib": _memory_gib(),
            "system": f"{platform.system()} {platform.release()}",
            "load_average_at_start": [round(load, 2) for load in os.getloadavg()],
        },
        "python": platform.python_version(),
        "versions": {name: found for name in _LIBRARIES if (found := _version(name))},
        "threads": {
            name: os.environ.get(name)
            for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
