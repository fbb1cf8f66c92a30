"""What the gate found: the report everything downstream reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

__all__ = ["ArtefactReport", "Finding", "GateReport"]

_SHOWN = 120


@dataclass(frozen=True)
class Finding:
    """One rule that was not met.

    Attributes
    ----------
    rule
        The rule's name.
    severity
        "stop" or "warning".
    level
        "row", "dataset" or "artefact".
    rows
        How many rows it concerns; 0 where it concerns the whole.
    message
        One sentence for people, without a final stop.
    examples
        A few of the offending values, shortened.
    """

    rule: str
    severity: Literal["stop", "warning"]
    level: Literal["row", "dataset", "artefact"]
    rows: int
    message: str
    examples: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-able values."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "level": self.level,
            "rows": self.rows,
            "message": self.message,
            "examples": list(self.examples),
        }


def shorten(value: object) -> str:
    """Shorten a value to be shown: one line, no control characters, at most 120 characters."""
    text = "".join(char if char.isprintable() else "·" for char in str(value)[: 2 * _SHOWN])
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@dataclass(frozen=True)
class GateReport:
    """The gate's answer for one dataset.

    Attributes
    ----------
    name, role
        The dataset, and what it is to be.
    accepted
        The rows that may pass, with the columns they came with. Of a stopped dataset these are the rows that
        no rule refused; nothing of it may be used all the same.
    refused
        The other rows, plus ``rule`` and ``reason``: the first rule that refused the row.
    findings
        Every rule that was not met, warnings included, in the order of the rules.
    docs_page
        The page of the Data Docs, when one was written.
    """

    name: str
    role: Literal["source", "target"]
    accepted: pl.DataFrame
    refused: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    docs_page: Path | None = None

    @property
    def stopped(self) -> bool:
        """Whether the whole dataset is refused."""
        return bool(self.reasons)

    @property
    def reasons(self) -> list[str]:
        """Why the whole dataset is refused; empty when it is not."""
        return [
            finding.message
            for finding in self.findings
            if finding.level == "dataset" and finding.severity == "stop"
        ]

    def summary(self) -> dict[str, Any]:
        """Return counts and findings as JSON-able values."""
        counts = self.refused["rule"].value_counts(sort=True).rows() if self.refused.height else []
        return {
            "name": self.name,
            "role": self.role,
            "rows": self.accepted.height + self.refused.height,
            "accepted": self.accepted.height,
            "refused": self.refused.height,
            "refused_by_rule": dict(counts),
            "stopped": self.stopped,
            "reasons": self.reasons,
            "findings": [finding.as_dict() for finding in self.findings],
            "docs_page": str(self.docs_page) if self.docs_page else None,
        }


@dataclass(frozen=True)
class ArtefactReport:
    """The gate's answer for an artefact: embeddings, moments or an ESM.

    Attributes
    ----------
    name
        What was checked.
    findings
        Every rule that was not met.
    docs_page
        The page of the Data Docs, when one was written.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    docs_page: Path | None = None

    @property
    def stopped(self) -> bool:
        """Whether the artefact may not be used."""
        return bool(self.reasons)

    @property
    def reasons(self) -> list[str]:
        """Why the artefact may not be used; empty when it may."""
        return [finding.message for finding in self.findings if finding.severity == "stop"]

    def summary(self) -> dict[str, Any]:
        """Return the findings as JSON-able values."""
        return {
            "name": self.name,
            "stopped": self.stopped,
            "reasons": self.reasons,
            "findings": [finding.as_dict() for finding in self.findings],
            "docs_page": str(self.docs_page) if self.docs_page else None,
        }
