"""How strict the gate is: the ``gate:`` section of ``params.yaml``."""

from __future__ import annotations

import difflib
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.gate.rules import RULES, Severity

__all__ = ["ARTEFACT_RULES", "GateRole", "GateSettings", "default_params"]

GateRole = Literal["source", "target"]

ARTEFACT_RULES: dict[str, dict[str, Any]] = {
    "finite": {"severity": "stop"},
    "width": {"severity": "stop"},
    "rows": {"severity": "stop"},
    "constant_columns": {"severity": "stop", "max_share": 0.5},
    "repeated_rows": {"severity": "warning", "max_share": 0.5},
    "counts": {"severity": "stop"},
    "diagonals": {"severity": "stop"},
    "better_than_identity": {"severity": "warning"},
}
"""The rules about artefacts and their parameters' defaults; :mod:`features.gate.artefacts` holds them."""


class GateSettings(BaseModel):
    """The ``gate:`` section of ``params.yaml``.

    Whatever is left out takes its default, so an empty mapping is a complete setting; after validation every
    rule is listed with all its parameters.

    Attributes
    ----------
    source, target
        Rule name -> ``severity`` ("stop", "warning" or "off") and the rule's own parameters.
    artefacts
        The same for embeddings, moments and ESMs.
    keep_pages
        How many pages of the Data Docs stay per dataset; older ones are deleted.
    """

    model_config = ConfigDict(extra="forbid")

    source: dict[str, dict[str, Any]] = Field(default_factory=dict)
    target: dict[str, dict[str, Any]] = Field(default_factory=dict)
    artefacts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    keep_pages: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.source = _filled("source", self.source, _rule_defaults("source"))
        self.target = _filled("target", self.target, _rule_defaults("target"))
        self.artefacts = _filled("artefacts", self.artefacts, ARTEFACT_RULES)
        return self

    def rules(self, role: GateRole) -> dict[str, dict[str, Any]]:
        """Return every rule's setting for a role."""
        return self.source if role == "source" else self.target


def default_params() -> dict[str, Any]:
    """Return the ``gate:`` section with every rule listed, as plain nested dicts for ``params.yaml``."""
    return GateSettings().model_dump()


def _rule_defaults(role: GateRole) -> dict[str, dict[str, Any]]:
    return {name: {"severity": rule.severity[role], **rule.params} for name, rule in RULES.items()}


def _filled(
    section: str, given: dict[str, dict[str, Any]], defaults: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    for name, setting in given.items():
        _known(f"gate.{section}", name, defaults)
        for key, value in setting.items():
            _known(f"gate.{section}.{name}", key, defaults[name])
            _check_value(f"gate.{section}.{name}.{key}", key, value, defaults[name][key])
    return {name: {**default, **given.get(name, {})} for name, default in defaults.items()}


def _known(where: str, name: str, known: dict[str, Any]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
        raise ValueError(f"{where} has no '{name[:80]}'; {hint}")


def _check_value(where: str, key: str, value: object, default: object) -> None:
    if key == "severity":
        if value not in get_args(Severity):
            raise ValueError(f"{where} is {value!r}; it must be one of {', '.join(get_args(Severity))}")
        return
    if default is None and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{where} is {value!r}; it must be a number")
    if isinstance(default, int) and not isinstance(value, int):
        raise ValueError(f"{where} is {value!r}; it must be a whole number")
    if default is not None and value < 0:
        raise ValueError(f"{where} is {value!r}; it must not be negative")
    if key.endswith("_share") and value > 1:
        raise ValueError(f"{where} is {value!r}; a share lies between 0 and 1")
